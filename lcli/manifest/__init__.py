"""lcli.yaml → App: YAML with positions, stages, references, validation, JSON Schema."""
