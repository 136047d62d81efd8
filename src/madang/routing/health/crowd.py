"""The targets of one model together: only so many of them may rest for their rates.

Rates are compared with a limit, and when everything is bad everything is beyond it: without this
rule all traffic would end up with whoever is left.
"""

from collections.abc import Sequence
from typing import Protocol


class Member(Protocol):
    """One of the targets."""

    @property
    def is_ejected(self) -> bool:
        """Whether it rests for its error rate or its slowness, and has not been heard since."""


class Crowd:
    """`share` of the `members` may be ejected at the same time."""

    def __init__(self, members: Sequence[Member], share: float) -> None:
        self._members = members
        self._most = int(share * len(members) + _ROUNDING)

    def can_spare_one(self) -> bool:
        """Whether one more may be ejected."""
        return sum(one.is_ejected for one in self._members) < self._most


_ROUNDING = 1e-9
