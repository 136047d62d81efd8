"""How the camera moves: where it looks and how near it is, as a function of time. No pictures here."""

import math
from collections.abc import Callable
from typing import NamedTuple


class View(NamedTuple):
    """Where the camera looks: `dx`, `dy` as shares of the picture's width and height, `zoom` 1 or more."""

    dx: float = 0.0
    dy: float = 0.0
    zoom: float = 1.0


_PAN, _TILT, _PUSH = 0.20, 0.12, 0.20

MOVES: dict[str, Callable[[float], View]] = {
    "still": lambda t: View(0.012 * math.sin(2.2 * t), 0.004 * t, 1.03 + 0.012 * t),
    "push": lambda t: View(0.01 * t, -0.03 * t, 1.0 + _PUSH * t),
    "pull": lambda t: View(0.01 - 0.01 * t, -0.03 * (1 - t), 1.0 + _PUSH * (1 - t)),
    "pan_left": lambda t: View(_PAN * (0.5 - t), 0.0, 1.06),
    "pan_right": lambda t: View(_PAN * (t - 0.5), 0.0, 1.06),
    "tilt_up": lambda t: View(0.0, _TILT * (0.5 - t), 1.08),
    "tilt_down": lambda t: View(0.0, _TILT * (t - 0.5), 1.08),
    "track": lambda t: View(_PAN * 1.1 * (t - 0.5), 0.0, 1.08),
}
"""Every way to move of the table `moves` but the hand's own trembling. Time runs from 0 to 1."""


def view(move: str, share: float, seconds: float, *, shaky: bool) -> View:
    """Where the camera is after a share of the shot, and so many seconds."""
    here = MOVES.get(move, MOVES["still"])(_eased(share))
    if not shaky:
        return here
    sway = 0.006 * (math.sin(5.1 * seconds) + 0.6 * math.sin(11.3 * seconds + 1.0))
    heave = 0.005 * (math.sin(6.7 * seconds + 2.0) + 0.5 * math.sin(13.9 * seconds))
    return View(here.dx + sway, here.dy + heave, here.zoom + 0.02)


def _eased(share: float) -> float:
    """Slow at both ends, but never at rest."""
    smooth = share * share * (3 - 2 * share)
    return 0.35 * share + 0.65 * smooth
