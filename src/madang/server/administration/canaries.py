"""Operations on new targets that are on trial: start, watch, promote, abort, roll back."""

from typing import Final

import msgspec

from madang.errors import InvalidRequest
from madang.pipeline.shadows.shadow import RESULTS
from madang.pipeline.trial.view import Act, Canaries, Start
from madang.server.administration.operation import Operation
from madang.server.administration.trials import Said, Trials
from madang.server.process.runtime import Runtime
from madang.state.shadows import Pair, PairSums, ShadowPairs


def _check(runtime: Runtime, wanted: Start) -> None:
    directory = runtime.pipeline.snapshot.directory
    directory.lookup(wanted.terms.model)
    directory.lookup(wanted.terms.to)
    if wanted.terms.to == wanted.terms.model:
        raise InvalidRequest("`to` is the model itself; name another target.", param="to")


class ShadowsAsked(msgspec.Struct):
    """Which model's latest pairs (null: of all), and how many."""

    model: str | None = None
    limit: int = 50


class ShadowShown(msgspec.Struct):
    """A shadow in force; `copies` counts what became of them, in this process, since it began."""

    model: str
    to: str
    percent: float
    budget_usd_day: float
    copies: dict[str, int]


class Shadows(msgspec.Struct):
    """What is copied, what the pairs of answers come to, and the latest of them."""

    ways: list[ShadowShown]
    sums: list[PairSums]
    pairs: list[Pair]


def show_shadows(runtime: Runtime, _: str, asked: ShadowsAsked) -> Shadows:
    """Copies of requests to other targets, and how alike the answers are."""
    if not 1 <= asked.limit <= _MOST_PAIRS:
        raise InvalidRequest(f"`limit` is between 1 and {_MOST_PAIRS}.", param="limit")
    mirror, pairs = runtime.mirror, ShadowPairs(runtime.store)
    ways = [
        ShadowShown(
            model,
            way.shadow.to,
            way.shadow.percent,
            way.shadow.budget_usd_day,
            {result: mirror.counts[model, result] for result in RESULTS},
        )
        for model, way in mirror.ways.items()
    ]
    return Shadows(ways, pairs.sums(), pairs.latest(asked.model, asked.limit))


_MOST_PAIRS = 1000
_SAID: Final = (
    ("list_canaries", "Every canary, with both sides by the ledger."),
    ("show_canary", "One canary, by its name or its model's, and all that has happened to it."),
    (
        "start_canary",
        "Start a canary for a model, or switch all of the model's traffic to another target at once.",
    ),
)
_ACTS: Final[dict[Act, Said]] = {
    "start": (
        "restart_canary",
        "Start a canary again that is over: a new trial on the same terms.",
    ),
    "promote": (
        "promote_canary",
        "Send all of the model's traffic to the new target from now on.",
    ),
    "abort": (
        "abort_canary",
        "End a trial that is running: all traffic goes where it went before.",
    ),
    "rollback": (
        "roll_canary_back",
        "Send all traffic where it went before, also after a promotion or a switch.",
    ),
}
_CANARIES: Final = Trials("/api/canaries", Canaries, Start, _check, _SAID, _ACTS)
CANARIES: tuple[Operation, ...] = (
    *_CANARIES.operations,
    Operation("GET", "/api/shadows", show_shadows, Shadows, query=ShadowsAsked),
)
