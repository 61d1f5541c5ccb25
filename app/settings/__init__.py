"""What is set and watched behind the desk: mail that went out and came in, and one's own profile."""
