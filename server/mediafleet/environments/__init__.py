"""Where Media Nodes come from; one module each, blind to one another."""
