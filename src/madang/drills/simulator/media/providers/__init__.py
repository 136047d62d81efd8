"""The providers, a module each: their endpoints, their words, nothing of one another."""
