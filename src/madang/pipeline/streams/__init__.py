"""A stream in flight: how its beginning is held back, how it ends, and how it goes on elsewhere."""
