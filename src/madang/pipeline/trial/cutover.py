"""A model's traffic moved by hand, step by step, from where it goes today to Madang's own targets, and back at once.

A cut-over is a trial whose stable side is the original: what the draw, the ledger and the evidence are
for the one they are for the other. People move it on; harm moves it back, as people can at any moment.
"""

from typing import Final, Literal

from msgspec import Struct

from madang.config.sections.canaries import Canary, Percent
from madang.errors import InvalidRequest, NotFound
from madang.pipeline.trial.book import Kept, TrialBook
from madang.pipeline.trial.view import CanaryShown, CanaryStory, shown
from madang.routing.canary.ramp import Kind
from madang.state.store import Store

Move = Literal["start", "next", "back", "end"]
_LONGEST: Final = 64
CUTOVER: Final = "cutover-"
"""What the names of cut-overs begin with."""
_KINDS: Final[dict[Move, Kind]] = {"back": "rolled_back", "end": "aborted"}


class CutoverStart(Struct, forbid_unknown_fields=True):
    """A cut-over to be started: of `model`, from `origin` (`provider/model`) to targets or models, the best first.

    `steps` are the shares in percent, each larger than the one before; all of it follows the last.
    """

    model: str
    origin: str
    to: tuple[str, ...]
    steps: tuple[Percent, ...] = (5.0, 25.0, 50.0, 100.0)


def name_of(model: str) -> str:
    """The name that the cut-over of a model has among the trials, and in paths."""
    return CUTOVER + model.replace("/", ":")


class Cutovers:
    """What people do with cut-overs, in a store: a running gateway follows within a second. Raises MadangError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._book = TrialBook(store)

    def list(self) -> "list[CanaryShown]":
        """Every cut-over, by name."""
        return [self._shown(kept) for kept in self._book.all() if kept.trial.origin is not None]

    def story(self, model: str) -> CanaryStory:
        """That of a model. Raises NotFound."""
        kept = self._found(model)
        return CanaryStory(self._shown(kept), self._book.events(kept.trial.name))

    def start(self, wanted: CutoverStart, by: str | None = None) -> CanaryShown:
        """Start one, with its first step. Raises Conflict where the model has one, or InvalidRequest."""
        name = name_of(wanted.model)
        if not name.isprintable() or len(name) > _LONGEST:
            most = _LONGEST - len(CUTOVER)
            raise InvalidRequest(f"The model's name has at most {most} printable characters here.")
        if not wanted.to or wanted.origin in wanted.to:
            raise InvalidRequest("`to` names targets other than the original.", param="to")
        if not wanted.steps or list(wanted.steps) != sorted(set(wanted.steps)):
            raise InvalidRequest("Each step is larger than the one before.", param="steps")
        first, *ramp = wanted.steps
        terms = Canary(wanted.model, wanted.to[0], percent=first, ramp=tuple(ramp))
        self._book.begin(name, terms, by=by, origin=wanted.origin, also=wanted.to[1:])
        return self._shown(self._book.get(name))

    def act(self, model: str, act: Move, by: str | None = None) -> CanaryShown:
        """The next step, back to the original, once more from the first, or its end. Raises NotFound or Conflict."""
        trial = self._found(model).trial
        if act == "start":
            terms, also = trial.terms, trial.also
            self._book.begin(trial.name, terms, by=by, origin=trial.origin, also=also)
        else:
            self._book.happen(trial.name, _KINDS.get(act, trial.onward), _SOMEBODY, by)
        return self._shown(self._book.get(trial.name))

    def _found(self, model: str) -> Kept:
        try:
            return self._book.get(name_of(model))
        except NotFound as error:
            told = f"There is no cut-over of `{model[:100]}`."
            raise NotFound(told, code="cutover_not_found") from error

    def _shown(self, kept: Kept) -> CanaryShown:
        return shown(self._store, self._book, kept)


_SOMEBODY: Final = "somebody wanted it"
