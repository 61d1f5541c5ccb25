"""My work: the user tasks that wait for somebody, their forms, and what was typed into them so far."""
