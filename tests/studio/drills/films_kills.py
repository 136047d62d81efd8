"""The studio's process and the gateway are killed at random moments while a batch is made; then the books are compared.

A person is played, too: a drama that stands because a clip may have been paid for without having come is resumed,
which is how people ask for it again.
"""

import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import films_worker
from films_stage import House, Makers

from madang_studio.model.brief import Brief
from madang_studio.runner import orders
from madang_studio.store import Project

VIDEO = ("runway/gen4.5", "pika-2.2-text", "kling/kling-v2-6", "video:auto")
SPEECH = ("openai/tts-1", "elevenlabs/eleven_flash_v2_5", "gpt-4o-mini-tts", "speech:auto")
SPEECH_S = 20.0
"""Seconds of life that a line takes to be spoken; compressed as everything else."""

PATIENCE_S = 900.0
ANSWER_S = 0.2
"""Real seconds that every maker thinks about every request."""

_LOST = ("lost", "cut", "client_closed")


class Plan(NamedTuple):
    """How much there is of everything; `pause_s`: the longest time between two kills."""

    dramas: int
    kills: int
    seed: int
    minutes: float = 0.5
    pause_s: float = 4.0


@dataclass
class Told:
    """What happened. `resumed` counts dramas that a person had to resume, by why."""

    kills: Counter[str] = field(default_factory=Counter)
    resumed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)


def write_briefs(project: Project, dramas: int, minutes: float) -> None:
    """Dramas of all makers."""
    project.dramas.add_batch("killed", None)
    for n in range(dramas):
        brief = Brief(
            theme=f"A letter comes {n} days late",
            minutes=minutes,
            seed=n,
            video=VIDEO[n % 4],
            speech=SPEECH[n // 4 % 4],
            captions=("ko",) if n % 3 else (),
        )
        project.dramas.add(brief, name=f"drama-{n:02}", batch="killed")


class Worker:
    """The studio's process."""

    def __init__(self, project: Project, house: House) -> None:
        self._command = [sys.executable, films_worker.__file__, str(project.root)]
        self._command += [house.url, house.key]
        self.start()

    def start(self) -> None:
        """Begin, or go on."""
        self._running = subprocess.Popen(self._command)

    def is_at_work(self) -> bool:
        """Whether it has not ended by itself."""
        return self._running.poll() is None

    def kill(self) -> None:
        """End it without any warning."""
        self._running.kill()
        self._running.wait(10)


def slaughter(
    project: Project, house: House, kills: int, dice: random.Random, pause_s: float
) -> Told:
    """Kill either process at random moments, every third time the gateway; then let all be finished."""
    told, began = Told(), time.monotonic()
    worker = Worker(project, house)
    try:
        for number in range(kills):
            time.sleep(dice.uniform(0.0, pause_s))
            if number % 3 == 2:
                house.kill()
                time.sleep(dice.uniform(0.0, 0.5))
                house.start()
                told.kills["gateway"] += 1
            else:
                worker.kill()
                worker.start()
                told.kills["studio"] += 1
            _tend(project, worker, told)
        while time.monotonic() - began < PATIENCE_S and _tend(project, worker, told):
            time.sleep(0.2)
    finally:
        worker.kill()
    told.seconds = time.monotonic() - began
    told.states = Counter(str(each.state) for each in project.dramas.all())
    return told


def _tend(project: Project, worker: Worker, told: Told) -> bool:
    """Resume what stands, and start the worker again if it found nothing to do; whether work is left."""
    for each in project.dramas.all(states=("failed",)):
        told.resumed[each.words or ""] += 1
        orders.resume(project, each.id)
    going = bool(project.dramas.all(states=("going",)))
    if going and not worker.is_at_work():
        worker.start()
    return going


@dataclass
class Audit:
    """Three books held against each other; all money in nano-dollars.

    `lost`: rows of the ledger for answers that were lost, booked as estimates. `unheard`: entries of the makers'
    books for which the ledger has only such an estimate. `clips`: how many were charged; `wanted`: how many different
    ones the dramas have. `twice`: what was charged more than once.
    """

    makers_nusd: int
    ledger_nusd: int
    studio_nusd: int
    lost_nusd: int
    lost_clips_nusd: int
    unheard_nusd: int
    lost: Counter[str]
    unheard: Counter[str]
    twice: Counter[str]
    clips: int
    wanted: int
    odd: list[str]

    @property
    def agrees(self) -> bool:
        """Whether every nano-dollar is explained, and no clip was charged twice that nobody asked for again.

        What answers say is in all three books. What was lost with a process stands in the ledger as an
        estimate, whether or not its maker charged it; the studio hears of lost clips, as their jobs fail,
        and asks for lost speech and texts again under the same name. Only a person asks for a lost clip again.
        """
        sure = self.ledger_nusd - self.lost_nusd
        of_makers = sure == self.makers_nusd - self.unheard_nusd
        of_studio = self.studio_nusd == sure + self.lost_clips_nusd
        again = sum(times for what, times in self.lost.items() if what.endswith("videos"))
        once = 0 <= self.clips - self.wanted <= again and self.twice.total() <= again
        return of_makers and of_studio and once and not self.odd


def audit(project: Project, house: House, makers: Makers) -> Audit:
    """Compare what makers charged, what the ledger has, and what the studio knows."""
    entries, rows = makers.entries(), house.rows()
    texts = [{"house": one["wire"], "kind": "text", **one} for one in makers.texts()]
    booked = [*entries, *texts]
    lost = [row for row in rows if row["outcome"] in _LOST or row["estimated"]]
    sure = [row for row in rows if row not in lost]
    unheard, odd = _without_row(booked, sure)
    shots = Counter(one["request"] for one in entries if one["kind"] == "video")
    names = _names(entries)
    return Audit(
        makers_nusd=_sum(booked, "nusd"),
        ledger_nusd=_sum(rows, "cost_nusd"),
        studio_nusd=project.money.spent_by_batch("killed").nusd,
        lost_nusd=_sum(lost, "cost_nusd"),
        lost_clips_nusd=_sum((row for row in lost if row["dialect"] == "videos"), "cost_nusd"),
        unheard_nusd=_sum(unheard, "nusd"),
        lost=Counter(f"{row['provider']} {row['dialect']}" for row in lost),
        unheard=Counter(f"{one['house']} {one['kind']}" for one in unheard),
        twice=Counter({names[name]: times - 1 for name, times in shots.items() if times > 1}),
        clips=shots.total(),
        wanted=len({*_clips(project)}),
        odd=odd,
    )


def _clips(project: Project) -> Iterable[str]:
    """The stamps of all clips: two shots that are to look exactly alike have one."""
    for drama in project.dramas.all():
        stood = project.shelf.now(drama.id)
        yield from (stamp for place, stamp in stood.items() if place.startswith("clip/"))


def _names(entries: Iterable[dict[str, Any]]) -> dict[str, str]:
    return {one["request"]: f"{one['house']} {one['kind']}" for one in entries}


def _without_row(
    booked: list[dict[str, Any]], sure: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Entries of the makers' books that no certain row pays, and rows that pay for nothing.

    A row fits an entry of the same kind at the same maker that costs exactly as much.
    """
    paid: dict[tuple[str, str, int], int] = defaultdict(int)
    for row in sure:
        if row["cost_nusd"]:
            paid[_of_row(row)] += 1
    left = []
    for one in booked:
        if paid[_of_entry(one)] > 0:
            paid[_of_entry(one)] -= 1
        elif one["nusd"]:
            left.append(one)
    return left, [f"{times} times {what}" for what, times in paid.items() if times]


def _of_row(row: dict[str, Any]) -> tuple[str, str, int]:
    kind = {"videos": "video", "speech": "speech"}.get(row["dialect"], "text")
    return (kind, "" if kind == "text" else str(row["provider"]), int(row["cost_nusd"]))


def _of_entry(one: dict[str, Any]) -> tuple[str, str, int]:
    return (one["kind"], "" if one["kind"] == "text" else one["house"], int(one["nusd"]))


def _sum(rows: Iterable[dict[str, Any]], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def run(folder: Path, makers: Makers, house: House, plan: Plan) -> tuple[Told, Audit]:
    """The whole drill. Answers are slow, so that many kills strike between a request and its answer."""
    project = Project(folder / "project", create=True)
    slow = {"answer_s": SPEECH_S}
    makers.change(houses={"elevenlabs": slow, "openai": slow})
    makers.delay(ANSWER_S)
    try:
        write_briefs(project, plan.dramas, plan.minutes)
        told = slaughter(project, house, plan.kills, random.Random(plan.seed), plan.pause_s)
        return told, audit(project, house, makers)
    finally:
        project.close()
