"""Documents: the files on tickets, messages and work entries, kept once per content."""
