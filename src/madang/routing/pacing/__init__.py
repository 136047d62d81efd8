"""How providers are asked no faster than they allow, fairly among callers, and with which of their keys.

Pure: the memory of the meters and the moments are arguments. The rules: docs/limits.md, "Toward
providers".
"""

from madang.routing.pacing.provider_keys import KeyLane
from madang.routing.pacing.queue import HIGH, LOW, NORMAL, FairQueue, Priority
from madang.routing.pacing.registry import Pacing
from madang.routing.pacing.terms import Terms
from madang.routing.pacing.turnstile import FOREVER, Turn, Turnstile

__all__ = [
    "FOREVER",
    "HIGH",
    "LOW",
    "NORMAL",
    "FairQueue",
    "KeyLane",
    "Pacing",
    "Priority",
    "Terms",
    "Turn",
    "Turnstile",
]
