"""How often something is tried again, and when: with growing pauses, and never without end."""

from collections.abc import Mapping
from typing import Final

from madang_studio.errors import StudioError

_LONGEST_S: Final = 60.0
_MOST: Final = 8
_MOST_BY_CODE: Final[Mapping[str, int]] = {"spoiled": 4, "no_room": 20, "unreached": 36}
"""A job that ends without a result may have been paid; a full disk is emptied by people; a gateway that is away for
half an hour must not leave two hundred dramas to be resumed by hand."""


def again_after_s(error: StudioError, tries: int, chance: float) -> float | None:
    """Seconds to wait after failing for the `tries`-th time (from 1); None: it has failed for good.

    `chance` between 0 and 1 spreads what failed at the same moment over half the pause.
    """
    if not error.passing or tries >= _MOST_BY_CODE.get(error.code, _MOST):
        return None
    return min(_LONGEST_S, 2.0 ** (tries - 1)) * (0.5 + chance / 2)
