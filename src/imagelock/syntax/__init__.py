"""How things are written: text to values and back, pure."""
