"""Where Media Nodes come from: one module or package for each environment."""
