"""The build graph of a drama: what there is to make, what is stale and why, and what a change costs."""
