"""Madang Studio: short dramas from a list of themes, as a customer of a gateway like any other."""
