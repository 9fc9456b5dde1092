"""The manifest: YAML with positions, stages, references, models and their checks."""
