"""lcli runs AWS Lambda from a terminal: one manifest, many functions, no state file."""

__version__ = "0.1.0"
