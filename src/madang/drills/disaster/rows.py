"""The drills, a row each: what strikes, whom, and which objectives hold then. Nothing is decided elsewhere."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from madang.drills.simulator import Behaviour
from madang.errors import InvalidRequest

FIRST: tuple[str, ...] = ("near-1",)
REGION: tuple[str, ...] = ("near-1", "near-2")

How = Literal["behave", "refuse connections", "unresolvable"]


class Drill(NamedTuple):
    """What strikes the targets `struck`.

    surge: the load is multiplied by so much while the fault lasts. continues: callers allow another
    target to go on with a broken stream. answered: the share of requests that must be answered rightly.
    noticed: whether requests go straight past the struck targets after a while.
    recovers: whether the struck target is asked again within the drill once it is well.
    """

    name: str
    what: str
    fault: Behaviour | None = None
    how: How = "behave"
    struck: tuple[str, ...] = FIRST
    surge: int = 1
    continues: bool = False
    answered: float = 0.999
    noticed: bool = True
    recovers: bool = True


DRILLS = (
    Drill("refused", "the provider is down: its port is closed", how="refuse connections"),
    Drill("reset", "it closes every connection without an answer", Behaviour(fault="refuse")),
    Drill(
        "blackhole",
        "it takes requests, and never says anything",
        Behaviour(fault="slow_first_byte"),
    ),
    Drill("server-error", "it answers 500", Behaviour(fault="status:500")),
    Drill("overloaded", "it answers 529", Behaviour(fault="status:529")),
    Drill("storm", "it answers 429, to come back in a second", Behaviour(fault="status:429")),
    Drill(
        "storm-mute",
        "it answers 429 and does not say for how long; it goes on being asked, for a pace that it allows",
        Behaviour(fault="status:429", retry_after_s=None),
        noticed=False,
    ),
    Drill(
        "slow-token",
        "it begins to answer, and the first token takes ten seconds",
        Behaviour(tokens_per_s=0.1),
    ),
    Drill(
        "stalled",
        "it falls silent in the middle of its answers, and callers allow others to go on",
        Behaviour(fault="stall"),
        continues=True,
    ),
    Drill(
        "cut",
        "its connections break in the middle of answers, and callers allow others to go on",
        Behaviour(fault="cut"),
        continues=True,
    ),
    Drill(
        "cut-final",
        "the same, and callers do not allow it: a broken stream must end properly",
        Behaviour(fault="cut"),
        answered=0.9,
    ),
    Drill(
        "stream-error",
        "it ends streams with an error event, whole answers are 500, and callers allow others to go on",
        Behaviour(fault="stream_error"),
        continues=True,
    ),
    Drill(
        "bad-json",
        "answers and single events of streams are no JSON, and callers allow others to go on",
        Behaviour(fault="malformed_json"),
        continues=True,
    ),
    Drill(
        "bad-sse",
        "a proxy's page takes the place of half of the answer, and callers allow others to go on",
        Behaviour(fault="malformed_sse"),
        continues=True,
    ),
    Drill(
        "short",
        "answers are shorter than announced, and callers allow others to go on",
        Behaviour(fault="wrong_length"),
        continues=True,
    ),
    Drill("expired-key", "it refuses our key (401)", Behaviour(fault="auth")),
    Drill("quota", "our account there is out of credit", Behaviour(fault="quota")),
    Drill(
        "sunset",
        "it no longer has the model (404), and nobody expects it back",
        Behaviour(fault="status:404"),
        recovers=False,
    ),
    Drill(
        "region-lost",
        "every target of the near region is down",
        how="refuse connections",
        struck=REGION,
    ),
    Drill(
        "dns",
        "its name does not resolve, from beginning to end",
        how="unresolvable",
        recovers=False,
    ),
    Drill("surge", "twenty times as many callers, and no fault", struck=(), surge=20),
)

LEFT_OUT = {
    "clock skew": "tests/server/test_server_clock.py",
    "disk full": "tests/server/test_server_disk.py",
}
"""Drills that are tests and no rows here: they need a machine of their own."""


def chosen(names: Iterable[str]) -> tuple[Drill, ...]:
    """The drills of these names, in the order of the table; all, where none is named. Raises InvalidRequest."""
    wanted = set(names)
    unknown = wanted - {drill.name for drill in DRILLS}
    if unknown:
        known = ", ".join(drill.name for drill in DRILLS)
        raise InvalidRequest(f"There is no drill `{min(unknown)}`. There are {known}.")
    return tuple(drill for drill in DRILLS if not wanted or drill.name in wanted)
