"""`video:auto` and `speech:auto`: which model makes a clip, or speaks a text, of those that can."""
