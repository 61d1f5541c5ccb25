"""Where every process instance stands: the list, the diagram with its tokens, history, and retry."""
