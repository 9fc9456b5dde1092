"""The pure middle (expand, diff) and its two ends (read, apply)."""
