"""The requests that nobody has: who waits, for how long, and who could take them."""
