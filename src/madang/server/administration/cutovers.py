"""Operations on cut-overs: traffic moved step by step from an original endpoint to Madang's own targets, and back."""

from functools import partial

from madang.pipeline.trial.cutover import Cutovers, CutoverStart, Move
from madang.pipeline.trial.view import CanaryShown, CanaryStory
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime


def list_cutovers(runtime: Runtime, _: str, __: None) -> list[CanaryShown]:
    """Every cut-over, with both sides by the ledger."""
    return Cutovers(runtime.store).list()


def show_cutover(runtime: Runtime, model: str, _: None) -> CanaryStory:
    """The cut-over of a model (`/` in its name as `:`), and all that has happened to it."""
    return Cutovers(runtime.store).story(model)


def start_cutover(runtime: Runtime, _: str, wanted: CutoverStart, by: str) -> CanaryShown:
    """Start moving a model's traffic from an original endpoint: the first step at once."""
    directory = runtime.pipeline.snapshot.directory
    for name in (wanted.model, wanted.origin, *wanted.to):
        directory.lookup(name)
    return Cutovers(runtime.store).start(wanted, by)


def restart_cutover(runtime: Runtime, model: str, _: None, by: str) -> CanaryShown:
    """Start a cut-over once more that went back, on the same terms."""
    return _move(runtime, model, "start", by)


def move_cutover_on(runtime: Runtime, model: str, _: None, by: str) -> CanaryShown:
    """Take the next step; after the last one the new targets get everything."""
    return _move(runtime, model, "next", by)


def move_cutover_back(runtime: Runtime, model: str, _: None, by: str) -> CanaryShown:
    """Send all of the model's traffic to the original again, at once."""
    return _move(runtime, model, "back", by)


def end_cutover(runtime: Runtime, model: str, _: None, by: str) -> CanaryShown:
    """End a cut-over: from now on the model leads where the configuration says."""
    return _move(runtime, model, "end", by)


def _move(runtime: Runtime, model: str, move: Move, by: str) -> CanaryShown:
    return Cutovers(runtime.store).move(model, move, by)


_Signed = partial(Operation, signed=True)
CUTOVERS: tuple[Operation, ...] = (
    Operation("GET", "/api/cutovers", list_cutovers, list[CanaryShown]),
    _Signed("POST", "/api/cutovers", start_cutover, CanaryShown, CutoverStart, 201),
    Operation("GET", "/api/cutovers/{id}", show_cutover, CanaryStory),
    _Signed("POST", "/api/cutovers/{id}/start", restart_cutover, CanaryShown),
    _Signed("POST", "/api/cutovers/{id}/next", move_cutover_on, CanaryShown),
    _Signed("POST", "/api/cutovers/{id}/back", move_cutover_back, CanaryShown),
    _Signed("POST", "/api/cutovers/{id}/end", end_cutover, CanaryShown),
)
