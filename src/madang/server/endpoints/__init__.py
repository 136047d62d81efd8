"""What callers can ask for: an endpoint reads a request, asks the house, and answers in the caller's dialect."""
