"""From text to plain values of the right shape: YAML with its lines, variables, known keys and types."""
