"""Inputs that are too long for their model: split, answered piece by piece, made one answer."""
