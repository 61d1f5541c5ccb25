"""Moving running instances to another version of their definition: plan, dry run, and the move itself."""
