"""A trained scorer for models with tiers: the setting that names its file, what the file holds, and what is refused.

`madang auto train` writes it. One rule: no scorer judges requests without a measurement on examples that it was
not trained on, and none that is no better than the rules unless somebody says `accept`.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

SIGNALS: Final = 1
"""The version of the rows in `routing/auto/signals.py`: what was learned of other rows says nothing of these."""

_MAX_BYTES: Final = 1 << 20
_NAME_DIGITS: Final = 8

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Weight = Annotated[float, Meta(ge=-1000, le=1000)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Split = Literal["hash", "time"]


class ScorerRef(Struct, frozen=True, forbid_unknown_fields=True):
    """`file` is what `madang auto train` wrote. `accept`: also if it was found no better than the rules."""

    file: Annotated[str, Meta(min_length=1, max_length=4096)]
    accept: bool = False


class Tally(Struct, frozen=True, forbid_unknown_fields=True):
    """Held-out examples, and with how many the scorer, the rules, and always `medium` agree."""

    examples: Count
    scorer: Count
    rules: Count
    middle: Count


class Measured(Struct, frozen=True, forbid_unknown_fields=True):
    """How a scorer did on examples that it was not trained on.

    `split`: each fifth by the hash of its id in turn, or the latest fifth. `languages` are told by script (see
    `routing.auto.seen`). `confusion` counts, for what examples say, the verdicts simple, medium and complex;
    `rules_confusion` those of the rules. `only_scorer` and `only_rules`: where one of them alone agrees.
    `cost`: what the scorer's tiers cost against those of the rules, at list prices and with as many tokens, less
    one (None: a price is unknown).
    """

    split: Split
    all: Tally
    languages: dict[str, Tally]
    confusion: dict[str, tuple[Count, Count, Count]]
    rules_confusion: dict[str, tuple[Count, Count, Count]]
    only_scorer: Count
    only_rules: Count
    cost: float | None = None


class Scorer(Struct, frozen=True, forbid_unknown_fields=True):
    """What a file holds.

    `weights` multiply what the rules give each signal (1: as the rules do), or, for signals that no rule
    weighs, are what each step of it counts; signals that too few examples had are not there. From `thresholds` on a
    sum is medium, and complex. `examples` counts them by where they come from; `at` is a day.
    """

    signals: int
    weights: dict[Name, Weight]
    thresholds: tuple[Weight, Weight]
    examples: dict[Name, Count]
    at: str
    measured: Measured | None = None


class LoadedScorer(ScorerRef, frozen=True, kw_only=True):
    """The setting with its file read. `name` tells one file from another."""

    scorer: Scorer
    name: str

    def knows(self, counts: Mapping[str, int]) -> bool:
        """Whether it has learned of all signals that were counted."""
        return counts.keys() <= self.scorer.weights.keys()


def load_scorer(ref: str | ScorerRef, base: Path) -> LoadedScorer | str:
    """The scorer of a setting, or why it may not judge. `base`: where a relative path begins. Reads the file."""
    ref = ScorerRef(ref) if isinstance(ref, str) else ref
    try:
        with (base / ref.file).open("rb") as file:
            content = file.read(_MAX_BYTES)
        scorer = msgspec.json.decode(content, type=Scorer)
    except OSError as error:
        return f"the scorer cannot be read ({error.strerror}); `madang auto train` makes one"
    except msgspec.MsgspecError as error:
        return f"this is no scorer ({error}); `madang auto train` makes one"
    fault = _fault(scorer, is_accepted=ref.accept)
    if fault is not None:
        return fault
    name = sha256(content).hexdigest()[:_NAME_DIGITS]
    return LoadedScorer(ref.file, ref.accept, scorer=scorer, name=name)


def _fault(scorer: Scorer, *, is_accepted: bool) -> str | None:
    """Why a scorer may not judge; None: it may."""
    if scorer.signals != SIGNALS:
        return (
            f"it was trained on version {scorer.signals} of the signals, and this is version {SIGNALS};"
            " train it again: `madang auto train`"
        )
    if not scorer.thresholds[0] < scorer.thresholds[1]:
        return "its thresholds are out of order"
    if scorer.measured is None or not scorer.measured.all.examples:
        return "it was never measured; `madang auto train` measures what it makes"
    found = scorer.measured.all
    if max(found.scorer, found.rules, found.middle) > found.examples:
        return "its counts contradict one another"
    if is_accepted or found.scorer > found.rules:
        return None
    return (
        f"it is no better than the rules: right for {found.scorer} of {found.examples} examples that it was not"
        f" trained on, and they for {found.rules}; train it on more, or say `accept: true`"
    )
