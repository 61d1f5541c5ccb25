"""Service levels: working calendars, the response and resolution clocks, and why a deadline is when it is."""
