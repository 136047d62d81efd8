"""What the studio works with: frozen records, from a brief to a film. No I/O, no clock."""
