"""What making a node would cost and take, before it is made: from price lists, else from what it took before.

Rule: a price that nobody knows is None, and said; it is never taken for nothing.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from msgspec import Struct

from madang_studio.graph.standing import Standing
from madang_studio.graph.steps import STEPS
from madang_studio.model.work import Estimate, Node
from madang_studio.store.money import Rate

Rates = Callable[[str, str | None], Rate | None]
"""What a step by a model took before (`Money.rate`)."""

PriceList = Mapping[tuple[str, str], Fraction]
"""Nano-dollars per unit, by step and model: of `clip` per millisecond, of `voice` per character."""

_USUAL_S: Final[Mapping[str, float]] = {
    "draft": 30.0,
    "dialogue": 20.0,
    "polish": 20.0,
    "translation": 8.0,
    "voice": 2.0,
    "clip": 45.0,
    "mix": 5.0,
    "cut": 2.0,
    "check": 3.0,
}
"""How long steps take where there is no experience yet."""

_QUICK_S: Final = 0.5
_SHOT_MS: Final = 6_000
_LINE_CHARACTERS: Final = 40


def amount_of(node: Node, clip_ms: int = _SHOT_MS) -> int:
    """What a node's price goes by: a voice's characters, a clip's milliseconds, else 1."""
    if node.step == "voice":
        return len(str(node.params.get("text", "")))
    return clip_ms if node.step == "clip" else 1


def clip_ms(node: Node, standing: Mapping[str, Standing]) -> int:
    """How long a clip would be: as its shot's length says, else as it was planned."""
    length = standing.get(f"length/{node.key.partition('/')[2]}")
    if length is None:
        return _SHOT_MS
    if length.artefact is not None and length.content == length.artefact.content:
        return int(length.artefact.facts["clip_ms"])
    return int(length.node.params["budget_ms"])


class Estimator(Struct, frozen=True):
    """Estimates from price lists (by the unit) before experience."""

    rates: Rates
    prices: PriceList = {}

    def estimate(self, node: Node, amount: int) -> Estimate | None:
        """What a node would cost and take; None: it costs something, and nobody knows what."""
        return self.of(
            node.step, str(node.params["model"]) if "model" in node.params else None, amount
        )

    def of(self, step: str, model: str | None, amount: int, times: int = 1) -> Estimate | None:
        """The same of any node of a step, for `times` of them of this amount each."""
        rate = self.rates(step, model)
        seconds = rate.seconds if rate else _USUAL_S.get(step, _QUICK_S)
        if not STEPS[step].paid:
            return Estimate(0, seconds * times)
        per_unit = self.prices.get((step, model or ""), rate.nusd_per_unit if rate else None)
        if per_unit is None:
            return None
        return Estimate(round(per_unit * amount) * times, seconds * times)

    def outline(
        self, minutes: float, video: str, speech: str
    ) -> dict[str, tuple[int, Estimate | None]]:
        """What a drama needs that is not written yet, by step: how many, and what they cost together.

        Taken for shots of six seconds, each with a line.
        """
        shots = max(1, round(minutes * 60_000 / _SHOT_MS))
        return {
            "voice": (shots, self.of("voice", speech, _LINE_CHARACTERS, shots)),
            "clip": (shots, self.of("clip", video, _SHOT_MS, shots)),
        }
