"""Shadow traffic: copies of requests asked of another target once the caller has its answer, and both compared."""
