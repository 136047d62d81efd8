"""A canary as it is shown: its trial, both sides by the ledger, what was decided last, and why."""

from typing import Final, Literal, Protocol, TypeVar

from msgspec import Struct

from madang.config.sections.canaries import Canary
from madang.errors import InvalidRequest
from madang.ledger.days import moment
from madang.ledger.reports.trials import ArmFigures, figures
from madang.pipeline.trial.book import Event, Kept, TrialBook
from madang.routing.canary.ramp import Kind, State
from madang.state.store import Store

Wanted_contra = TypeVar("Wanted_contra", contravariant=True)
Act_contra = TypeVar("Act_contra", contravariant=True)

Act = Literal["start", "promote", "abort", "rollback"]
"""What can be done to a canary that there is."""


class Start(Struct, forbid_unknown_fields=True):
    """A canary to be started. `switch`: all traffic goes to the new target at once, and nothing is compared."""

    name: str
    terms: Canary
    switch: bool = False


class CanaryShown(Struct, frozen=True, kw_only=True):
    """A canary. `percent`: the share of the new target now; `why`: the reason for what was decided last.

    `trial` is what rows of the ledger know it by. `proof`: what the evidence comes to, see docs/canaries.md.
    `origin`: it is a cut-over from there; `also`: new targets that follow `terms.to`.
    """

    name: str
    trial: str
    state: State
    percent: float
    terms: Canary
    is_configured: bool
    began_at: str
    step_began_at: str
    over_at: str | None
    canary: ArmFigures
    stable: ArmFigures
    proof: dict[str, float | None]
    last: Kind | None
    why: str | None
    origin: str | None = None
    also: tuple[str, ...] = ()


class CanaryStory(Struct, frozen=True):
    """A canary with all that has happened to it, the latest first."""

    now: CanaryShown
    events: list[Event]


class Desk(Protocol[Wanted_contra, Act_contra]):
    """What people do with trials of one kind: canaries, or cut-overs. Raises MadangError."""

    def list(self) -> "list[CanaryShown]":
        """Every one, by name."""

    def story(self, name: str, /) -> CanaryStory:
        """One of them, and all that has happened to it."""

    def start(self, wanted: Wanted_contra, by: str | None = None, /) -> CanaryShown:
        """Begin one. `by`: the id of the key that wants it (None: somebody at the home folder)."""

    def act(self, name: str, act: Act_contra, by: str | None = None, /) -> CanaryShown:
        """Do something to one that there is."""


class Canaries:
    """What people do with canaries, in a store: a running gateway follows within a second. Raises MadangError."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._book = TrialBook(store)

    def list(self) -> "list[CanaryShown]":
        """Every canary, by name."""
        return [shown(self._store, self._book, kept) for kept in self._book.all()]

    def story(self, name: str) -> CanaryStory:
        """One of them, by its name or its model's. Raises NotFound."""
        kept = self._found(name)
        now = shown(self._store, self._book, kept)
        return CanaryStory(now, self._book.events(kept.trial.name))

    def start(self, wanted: Start, by: str | None = None) -> CanaryShown:
        """Start a canary. Raises Conflict, or InvalidRequest for a name that cannot be."""
        if (
            not wanted.name.isprintable()
            or "/" in wanted.name
            or not 0 < len(wanted.name) <= _LONGEST
        ):
            raise InvalidRequest(f"A name has 1 to {_LONGEST} printable characters and no `/`.")
        if list(wanted.terms.ramp) != sorted(set(wanted.terms.ramp)):
            raise InvalidRequest("Each step of a ramp is larger than the one before.", param="ramp")
        self._book.begin(wanted.name, wanted.terms, by=by, switch=wanted.switch)
        return shown(self._store, self._book, self._book.get(wanted.name))

    def act(self, name: str, act: Act, by: str | None = None) -> CanaryShown:
        """Do something to a canary. Raises NotFound, or Conflict where that cannot be done now."""
        trial = self._found(name).trial
        if act == "start":
            self._book.begin(
                trial.name,
                trial.terms,
                by=by,
                is_configured=trial.is_configured,
                origin=trial.origin,
                also=trial.also,
            )
        else:
            self._book.happen(trial.name, _ENDS[act], "somebody wanted it", by)
        return shown(self._store, self._book, self._book.get(trial.name))

    def _found(self, name: str) -> Kept:
        """The canary of a name, else the one that gets traffic of a model of that name (`/` as such, or as `:`)."""
        for kept in self._book.all():
            model = kept.trial.terms.model
            if name in (model, model.replace("/", ":")) and kept.trial.percent > 0:
                return kept
        return self._book.get(name)


def shown(store: Store, book: TrialBook, kept: Kept) -> CanaryShown:
    """A trial as it is shown."""
    trial = kept.trial
    events = book.events(trial.name, limit=1)
    return CanaryShown(
        name=trial.name,
        trial=trial.id,
        state=trial.state,
        percent=trial.percent,
        terms=trial.terms,
        is_configured=trial.is_configured,
        began_at=moment(trial.began_us),
        step_began_at=moment(trial.step_us),
        over_at=None if trial.over_us is None else moment(trial.over_us),
        canary=figures(store, trial.id, "canary"),
        stable=figures(store, trial.id, "stable"),
        proof=kept.evidence.figures(),
        last=events[0].kind if events else None,
        why=events[0].why if events else None,
        origin=trial.origin,
        also=trial.also,
    )


_LONGEST: Final = 64
_ENDS: Final[dict[Act, Kind]] = {
    "promote": "promoted",
    "abort": "aborted",
    "rollback": "rolled_back",
}
