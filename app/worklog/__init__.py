"""Work entries: what people did for a ticket, how long it took and whether it is approved."""
