"""Disaster drills: faults as rows, load in every dialect, and a table of what held.

rows       the drills: what strikes, whom, and what must hold
targets    the simulated providers of a drill, and how they are struck
dialects   how each dialect asks, and what a right answer and a proper end look like
caller     one request over a socket of its own
load       callers who come at a steady rate, whatever becomes of those before them
audit      the ledger held against the books of the simulated providers
figures    what was measured, and the judgement of it
run        one drill from its beginning to its end
page       the report as a page
"""
