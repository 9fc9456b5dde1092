"""What the user types: one module a command, each parse → call → render."""
