"""Pictures of every screen, for whoever changes how the desk looks: `./run screenshots`."""
