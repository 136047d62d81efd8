"""What a call has met on its way: which failure its caller is to hear of, and which targets are left in need."""

from madang.errors import (
    ContextOverflow,
    MadangError,
    ProviderPaced,
    UnsupportedFeature,
)
from madang.model import Target
from madang.pipeline.call import Call


class Failures:
    """The failures of one call, in their order.

    `telling` is the one for the caller: the last of a target that was asked; where none was, the
    first, which speaks of the target that the caller named first.
    """

    __slots__ = ("_passed_over", "telling")

    def __init__(self) -> None:
        self.telling: MadangError | None = None
        self._passed_over: list[Target] = []

    def add(self, target: Target, error: MadangError) -> None:
        """A target failed, or was passed over."""
        if self.telling is None or not is_passing_over(error):
            self.telling = error
        if isinstance(error, UnsupportedFeature) and error.may_be_lost:
            self._passed_over.append(target)

    def last_resort(self, call: Call) -> Target | None:
        """A target that was passed over, now that no other is left: it is asked for less than all.

        Where it is the only one there ever was, that it was passed over first is no part of the
        story.
        """
        if not self._passed_over:
            return None
        call.is_last_resort = True
        if len(call.rows) == 1:
            call.rows.clear()
        return self._passed_over.pop(0)


def is_passing_over(error: MadangError) -> bool:
    """Whether the target was not asked, because it was known to be in vain."""
    if isinstance(error, UnsupportedFeature | ProviderPaced):
        return True
    return isinstance(error, ContextOverflow) and error.upstream_status is None
