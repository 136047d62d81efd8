"""Faults injected on purpose, into few requests and for a bounded time, and the record of it."""
