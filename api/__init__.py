"""The HTTP door and the command line."""
