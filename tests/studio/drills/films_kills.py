"""The studio's process and the gateway are killed at random moments while a batch is made; then the books are compared.

A person is played, too, who resumes what stands, and looks at the makers' own books as their pages show them: a lost
order of Runway's that was charged is given its task's id from there, and a clip that may have been paid for without
having come is asked for again only after such a look.
"""

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import films_worker
from films_stage import House, Makers

from madang.client import GatewayError
from madang_studio.model.brief import Brief
from madang_studio.runner import orders
from madang_studio.store import Project
from madang_studio.store.dramas import Drama

VIDEO = ("runway/gen4.5", "pika-2.2-text", "kling/kling-v2-6", "video:auto")
SPEECH = ("openai/tts-1", "elevenlabs/eleven_flash_v2_5", "gpt-4o-mini-tts", "speech:auto")
SPEECH_S = 20.0
"""Seconds of life that a line takes to be spoken; compressed as everything else."""

PATIENCE_S = 900.0
ANSWER_S = 0.2
"""Real seconds that every maker thinks about every request."""

LOST_SHARE = 0.1
"""Of the orders that makers of clips have taken, so many get no answer."""

LONGEST_S, LOOK_S = 1_800.0, 2.0
"""Seconds of life until a person looks whether a maker has a lost order; real seconds between two looks."""

SHOWN = 500
"""Characters of a prompt that the makers' books show."""

FATES = {
    "lost with a process": "its order's answer was lost with a process",
    "lost on the way": "may have taken it",
    "found": "has the order, as",
    "never arrived, and given again": "never got the order",
}
"""What the gateway's log says of orders whose answers were lost."""

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
    """What happened.

    `resumed` counts dramas that a person had to resume, by why; `named` lost orders whose jobs a person found in the
    maker's own book; `accepted` clips that were asked for again although they had been charged, which is then paid
    twice. `fates`: what became of orders whose answers were lost.
    """

    kills: Counter[str] = field(default_factory=Counter)
    resumed: Counter[str] = field(default_factory=Counter)
    named: int = 0
    accepted: int = 0
    fates: Counter[str] = field(default_factory=Counter)
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


class Person:
    """Who looks after a batch, and pays for nothing twice without having looked at the makers' books."""

    def __init__(self, project: Project, makers: Makers, house: House, told: Told) -> None:
        self._project, self._makers, self._house, self._told = project, makers, house, told
        self._patience_s = LONGEST_S / makers.settings()["speed"]
        self._looks_at = 0.0

    def name_jobs(self) -> None:
        """Tell the gateway what a lost order became whose maker shows it on its pages, and tells no program."""
        if time.monotonic() < self._looks_at:
            return
        self._looks_at = time.monotonic() + LOOK_S
        with suppress(GatewayError):  # it may have been killed just now
            for lost in self._house.lost():
                sent_s = lost["sent_us"] / 1e6
                if lost["provider"] == "runway" and time.time() - sent_s > self._patience_s:
                    self._name(lost, sent_s)

    def _name(self, lost: dict[str, Any], sent_s: float) -> None:
        there = [one for one in self._makers.entries() if one["provider"] == "runway"]
        same = [one for one in there if one["prompt"] == lost["prompt"][:SHOWN]]
        late = [one["id"] for one in same if one["at_s"] >= sent_s]
        if len(late) == 1:
            self._house.name_job(lost["id"], late[0])
            self._told.named += 1

    def resume(self, drama: Drama) -> None:
        """Let a drama go on that stands."""
        self._told.resumed[drama.words or ""] += 1
        held = orders.resume(self._project, drama.id)
        if held:
            self._told.accepted += sum(self._was_charged(drama.id, place) for place in held)
            orders.resume(self._project, drama.id, pay_again=True)

    def _was_charged(self, drama: str, place: str) -> bool:
        """Whether a maker's book has the clip, by what was asked for."""
        stood = self._project.shelf.now(drama)
        prompt = self._project.shelf.find(stood[place.replace("clip/", "prompt/")])
        assert prompt is not None
        asked = str(prompt.facts["prompt"])[:SHOWN]
        return any(one["nusd"] and one["prompt"] == asked for one in self._makers.entries())


def slaughter(project: Project, makers: Makers, house: House, plan: Plan) -> Told:
    """Kill either process at random moments, every third time the gateway; then let all be finished."""
    told, began, dice = Told(), time.monotonic(), random.Random(plan.seed)
    person = Person(project, makers, house, told)
    worker = Worker(project, house)
    try:
        for number in range(plan.kills):
            time.sleep(dice.uniform(0.0, plan.pause_s))
            if number % 3 == 2:
                house.kill()
                time.sleep(dice.uniform(0.0, 0.5))
                house.start()
                told.kills["gateway"] += 1
            else:
                worker.kill()
                worker.start()
                told.kills["studio"] += 1
            _tend(project, worker, person)
        while time.monotonic() - began < PATIENCE_S and _tend(project, worker, person):
            time.sleep(0.2)
    finally:
        worker.kill()
    told.fates = fates(house)
    told.seconds = time.monotonic() - began
    told.states = Counter(str(each.state) for each in project.dramas.all())
    return told


def fates(house: House) -> Counter[str]:
    """What became of the orders whose answers were lost, as the gateway's log has it."""
    log = house.log.read_text()
    return Counter({what: log.count(words) for what, words in FATES.items()})


def _tend(project: Project, worker: Worker, person: Person) -> bool:
    """Resume what stands, and start the worker again if it found nothing to do; whether work is left."""
    person.name_jobs()
    for each in project.dramas.all(states=("failed",)):
        person.resume(each)
    going = bool(project.dramas.all(states=("going",)))
    if going and not worker.is_at_work():
        worker.start()
    return going


@dataclass
class Audit:
    """Three books held against each other; all money in nano-dollars.

    `lost`: rows of the ledger for answers that were lost, booked as estimates. `unheard`: entries of the makers'
    books for which the ledger has only such an estimate. `clips`: how many were charged; `wanted`: how many different
    ones the dramas have; `accepted`: how many were charged and asked for again all the same. `twice`: what was charged
    more than once. `unsaid`: answers that the gateway had entered and the studio never got, by maker: made again, and
    `unsaid_nusd` what they cost. `made_nusd` and `booked_nusd`: clips in the makers' books and in the ledger, by maker.
    """

    makers_nusd: int
    ledger_nusd: int
    studio_nusd: int
    lost_nusd: int
    lost_clips_nusd: int
    unheard_nusd: int
    unsaid_nusd: int
    lost: Counter[str]
    unsaid: Counter[str]
    unheard: Counter[str]
    twice: Counter[str]
    clips: int
    wanted: int
    accepted: int
    made_nusd: Counter[str]
    booked_nusd: Counter[str]
    odd: list[str]

    @property
    def agrees(self) -> bool:
        """Whether every nano-dollar is explained, and no clip was charged twice that nobody accepted to pay again.

        Of clips the ledger and the makers' books are equal. What answers say of anything else is in all three
        books, too; speech and texts that were lost with a process stand in the ledger as estimates, whether or
        not their makers charged them, and the studio asks for them again under the same name. It counts a name
        once, also where a gateway died between entering an answer and giving it, and so had it made again.
        """
        sure = self.ledger_nusd - self.lost_nusd
        of_makers = sure == self.makers_nusd - self.unheard_nusd
        of_studio = self.studio_nusd == sure + self.lost_clips_nusd - self.unsaid_nusd
        once = self.clips == self.wanted + self.accepted and self.twice.total() <= self.accepted
        of_clips = self.made_nusd == self.booked_nusd
        return of_makers and of_studio and once and of_clips and not self.odd


def audit(project: Project, house: House, makers: Makers, accepted: int) -> Audit:
    """Compare what makers charged, what the ledger has, and what the studio knows."""
    entries, rows = makers.entries(), house.rows()
    texts = [{"provider": one["wire"], "kind": "text", **one} for one in makers.texts()]
    booked = [*entries, *texts]
    lost = [row for row in rows if row["outcome"] in _LOST or row["estimated"]]
    sure = [row for row in rows if row not in lost]
    unheard, odd = _without_row(booked, sure)
    unsaid = _unsaid(project, sure)
    charged = [one for one in entries if one["kind"] == "video" and one["nusd"]]
    shots = Counter(one["request"] for one in charged)
    names = _names(entries)
    return Audit(
        makers_nusd=_sum(booked, "nusd"),
        ledger_nusd=_sum(rows, "cost_nusd"),
        studio_nusd=project.money.spent_by_batch("killed").nusd,
        lost_nusd=_sum(lost, "cost_nusd"),
        lost_clips_nusd=_sum((row for row in lost if row["dialect"] == "videos"), "cost_nusd"),
        unheard_nusd=_sum(unheard, "nusd"),
        unsaid_nusd=_sum(unsaid, "cost_nusd"),
        lost=Counter(f"{row['provider']} {row['dialect']}" for row in lost),
        unsaid=Counter(f"{row['provider']} {row['dialect']}" for row in unsaid),
        unheard=Counter(f"{one['provider']} {one['kind']}" for one in unheard),
        twice=Counter({names[name]: times - 1 for name, times in shots.items() if times > 1}),
        clips=shots.total(),
        wanted=len({*_clips(project)}),
        accepted=accepted,
        made_nusd=_by_maker(charged, "provider", "nusd"),
        booked_nusd=_by_maker(
            (row for row in rows if row["dialect"] == "videos"), "provider", "cost_nusd"
        ),
        odd=odd,
    )


def _clips(project: Project) -> Iterable[str]:
    """The stamps of all clips: two shots that are to look exactly alike have one."""
    for drama in project.dramas.all():
        stood = project.shelf.now(drama.id)
        yield from (stamp for place, stamp in stood.items() if place.startswith("clip/"))


def _unsaid(project: Project, sure: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of speech and texts for which the studio has no charge of that cost: their answers never came."""
    path = f"file:{project.root}/studio.db?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as connection:
        charged = Counter(cost for (cost,) in connection.execute("SELECT cost_nusd FROM charges"))
    left = []
    for row in sure:
        if charged[row["cost_nusd"]] > 0:
            charged[row["cost_nusd"]] -= 1
        elif row["cost_nusd"] and row["dialect"] != "videos":
            left.append(row)
    return left


def _by_maker(rows: Iterable[dict[str, Any]], maker: str, cost: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[str(row[maker])] += int(row[cost] or 0)
    return +sums


def _names(entries: Iterable[dict[str, Any]]) -> dict[str, str]:
    return {one["request"]: f"{one['provider']} {one['kind']}" for one in entries}


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
    return (one["kind"], "" if one["kind"] == "text" else one["provider"], int(one["nusd"]))


def _sum(rows: Iterable[dict[str, Any]], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def run(folder: Path, makers: Makers, house: House, plan: Plan) -> tuple[Told, Audit]:
    """The whole drill. Answers are slow, so that many kills strike between a request and its answer."""
    project = Project(folder / "project", create=True)
    slow = {"answer_s": SPEECH_S}
    lost = {"trap": "lost_answer", "share": LOST_SHARE}
    traps = [{**lost, "provider": one} for one in ("fal", "kling", "runway")]
    makers.change(providers={"elevenlabs": slow, "openai": slow}, traps=traps)
    makers.delay(ANSWER_S)
    try:
        write_briefs(project, plan.dramas, plan.minutes)
        told = slaughter(project, makers, house, plan)
        return told, audit(project, house, makers, told.accepted)
    finally:
        project.close()
