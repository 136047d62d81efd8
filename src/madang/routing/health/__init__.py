"""How targets fare: what each call has shown of them, when they are given a rest, and how that ends.

Pure: moments are arguments. The rules: docs/health.md.
"""

from madang.routing.health.breaker import CLOSED, HALF_OPEN, OPEN, Breaker, Cause, State
from madang.routing.health.crowd import Crowd
from madang.routing.health.standing import FULL, READY, RESTING, Health, Standing
from madang.routing.health.tally import Counts

__all__ = [
    "CLOSED",
    "FULL",
    "HALF_OPEN",
    "OPEN",
    "READY",
    "RESTING",
    "Breaker",
    "Cause",
    "Counts",
    "Crowd",
    "Health",
    "Standing",
    "State",
]
