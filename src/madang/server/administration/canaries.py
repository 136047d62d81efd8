"""Operations on new targets that are on trial: start, watch, promote, abort, roll back."""

from functools import partial

import msgspec

from madang.errors import InvalidRequest
from madang.pipeline.shadows.shadow import RESULTS
from madang.pipeline.trial.view import Act, Canaries, CanaryShown, CanaryStory, Start
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime
from madang.state.shadows import Pair, PairSums, ShadowPairs


def list_canaries(runtime: Runtime, _: str, __: None) -> list[CanaryShown]:
    """Every canary, with both sides by the ledger."""
    return Canaries(runtime.store).list()


def show_canary(runtime: Runtime, name: str, _: None) -> CanaryStory:
    """One canary, by its name or its model's, and all that has happened to it."""
    return Canaries(runtime.store).story(name)


def start_canary(runtime: Runtime, _: str, wanted: Start, by: str) -> CanaryShown:
    """Start a canary for a model, or switch all of the model's traffic to another target at once."""
    directory = runtime.pipeline.snapshot.directory
    directory.lookup(wanted.terms.model)
    directory.lookup(wanted.terms.to)
    if wanted.terms.to == wanted.terms.model:
        raise InvalidRequest("`to` is the model itself; name another target.", param="to")
    return Canaries(runtime.store).start(wanted, by)


def restart_canary(runtime: Runtime, name: str, _: None, by: str) -> CanaryShown:
    """Start a canary again that is over: a new trial on the same terms."""
    return _act(runtime, name, "start", by)


def promote_canary(runtime: Runtime, name: str, _: None, by: str) -> CanaryShown:
    """Send all of the model's traffic to the new target from now on."""
    return _act(runtime, name, "promote", by)


def abort_canary(runtime: Runtime, name: str, _: None, by: str) -> CanaryShown:
    """End a trial that is running: all traffic goes where it went before."""
    return _act(runtime, name, "abort", by)


def roll_canary_back(runtime: Runtime, name: str, _: None, by: str) -> CanaryShown:
    """Send all traffic where it went before, also after a promotion or a switch."""
    return _act(runtime, name, "rollback", by)


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


def _act(runtime: Runtime, name: str, act: Act, by: str) -> CanaryShown:
    return Canaries(runtime.store).act(name, act, by)


_MOST_PAIRS = 1000
_Signed = partial(Operation, signed=True)
CANARIES: tuple[Operation, ...] = (
    Operation("GET", "/api/canaries", list_canaries, list[CanaryShown]),
    _Signed("POST", "/api/canaries", start_canary, CanaryShown, Start, 201),
    Operation("GET", "/api/canaries/{id}", show_canary, CanaryStory),
    _Signed("POST", "/api/canaries/{id}/start", restart_canary, CanaryShown),
    _Signed("POST", "/api/canaries/{id}/promote", promote_canary, CanaryShown),
    _Signed("POST", "/api/canaries/{id}/abort", abort_canary, CanaryShown),
    _Signed("POST", "/api/canaries/{id}/rollback", roll_canary_back, CanaryShown),
    Operation("GET", "/api/shadows", show_shadows, Shadows, query=ShadowsAsked),
)
