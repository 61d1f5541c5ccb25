"""`./run`: every process of the desk on one machine, started, watched and stopped together."""
