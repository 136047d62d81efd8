"""The providers, a module each: their doors, their words, nothing of one another."""
