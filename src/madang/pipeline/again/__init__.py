"""Answers that may be there already: by an Idempotency-Key, under way for somebody else, or from the cache."""
