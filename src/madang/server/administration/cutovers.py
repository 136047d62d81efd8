"""Operations on cut-overs: traffic moved step by step from an original endpoint to Madang's own targets, and back."""

from typing import Final

from madang.pipeline.trial.cutover import Cutovers, CutoverStart, Move
from madang.server.administration.operation import Operation
from madang.server.administration.trials import Said, Trials
from madang.server.process.runtime import Runtime


def _check(runtime: Runtime, wanted: CutoverStart) -> None:
    directory = runtime.pipeline.snapshot.directory
    for name in (wanted.model, wanted.origin, *wanted.to):
        directory.lookup(name)


_SAID: Final = (
    ("list_cutovers", "Every cut-over, with both sides by the ledger."),
    (
        "show_cutover",
        "The cut-over of a model (`/` in its name as `:`), and all that has happened to it.",
    ),
    (
        "start_cutover",
        "Start moving a model's traffic from an original endpoint: the first step at once.",
    ),
)
_ACTS: Final[dict[Move, Said]] = {
    "start": ("restart_cutover", "Start a cut-over once more that went back, on the same terms."),
    "next": (
        "move_cutover_on",
        "Take the next step; after the last one the new targets get everything.",
    ),
    "back": (
        "move_cutover_back",
        "Send all of the model's traffic to the original again, at once.",
    ),
    "end": (
        "end_cutover",
        "End a cut-over: from now on the model leads where the configuration says.",
    ),
}
_CUTOVERS: Final = Trials("/api/cutovers", Cutovers, CutoverStart, _check, _SAID, _ACTS)
CUTOVERS: tuple[Operation, ...] = _CUTOVERS.operations
