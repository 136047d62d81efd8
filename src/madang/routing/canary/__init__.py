"""A new target on trial: who is sent to it, what that shows, and what follows. No I/O, no clock.

`split` draws the side of a request, `evidence` counts what became of it, `exact` is the test, `ramp` decides.
"""
