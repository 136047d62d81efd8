"""What many commands ask for: where an installation is, which configuration counts, which days, which limits."""
