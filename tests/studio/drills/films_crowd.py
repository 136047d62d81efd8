"""Two hundred dramas of twelve scenes: how much longer they take than makers need, and what of memory.

What is measured is orchestration: the studio's runner, graph, store and door, the gateway, the sockets
between them. Scripts are stand-ins with twelve scenes; so is what runs ffmpeg on this machine
(`films_worker`). A maker is switched off in the middle: `video:auto` has to lead around it.
"""

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import films_worker
from films_stage import House, Makers, resident_mib

from madang_studio.model.brief import Brief
from madang_studio.store import Project

VIDEO = ("runway/gen4.5", "kling/kling-v2-6", "video:auto")
AUTO_FIRST = "fal"
"""Whom `video:auto` chooses while it is there."""

CAP = 5
"""Jobs at once of each maker: the default of the studio for a model, and of the gateway for a maker."""


@dataclass
class Crowd:
    """What came of it.

    `memory`: MiB of the studio and the gateway when a tenth, two tenths … of the clips were ordered.
    """

    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[int, float, float]] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    gone_at: int = 0
    gone_s: float = 0.0
    bounds_s: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How much longer it took than the maker that had most to do."""
        return self.seconds / max(self.bounds_s.values())

    @property
    def clips(self) -> Counter[str]:
        """How many each maker made."""
        return Counter(one["provider"] for one in self.entries if one["kind"] == "video")


def run(
    folder: Path, makers: Makers, house: House, *, dramas: int, clips: int, within_s: float
) -> Crowd:
    """The whole drill. `clips`: about how many there will be; half-way one maker is switched off."""
    project, told = Project(folder / "project", create=True), Crowd()
    for n in range(dramas):
        told_of = Brief(
            theme=f"Letter {n}", minutes=0.6, seed=n, video=VIDEO[n % 3], speech="tts-1"
        )
        project.dramas.add(told_of, name=f"drama-{n:03}")
    command = [sys.executable, films_worker.__file__, str(project.root), house.url, house.key]
    began = time.monotonic()
    worker = subprocess.Popen([*command, "twelve"])
    try:
        while worker.poll() is None and time.monotonic() - began < within_s:
            _look(worker.pid, makers, house, told, clips)
            time.sleep(0.5)
    finally:
        worker.kill()
        worker.wait(10)
    told.seconds = time.monotonic() - began
    told.states = Counter(each.state for each in project.dramas.all())
    told.entries = makers.entries()
    told.bounds_s = bounds_s(told.entries, makers.settings())
    told.failures = Counter(row["cause"] for row in house.rows() if row["outcome"] == "failed")
    project.close()
    return told


def bounds_s(entries: list[dict[str, Any]], settings: dict[str, Any]) -> dict[str, float]:
    """How long each maker is busy at least with what it made: what its jobs take, so many at once as its cap."""
    busy: Counter[str] = Counter()
    for one in entries:
        if one["kind"] == "video":
            house = settings["providers"][one["provider"]]
            busy[one["provider"]] += (
                house["make_s"] + house["make_s_per_s"] * one["counted"]["seconds"]
            )
    return {house: seconds / settings["speed"] / CAP for house, seconds in busy.items()}


def _look(pid: int, makers: Makers, house: House, told: Crowd, clips: int) -> None:
    made = sum(1 for one in makers.entries() if one["kind"] == "video")
    if made * 10 >= clips * (len(told.memory) + 1):
        told.memory.append((made, resident_mib(pid), resident_mib(house.pid)))
    if made * 2 >= clips and not told.gone_at:
        makers.change(providers={AUTO_FIRST: {"gone": 410}})
        told.gone_at, told.gone_s = made, time.time()
    try:
        told.cpu = {"studio": cpu_s(pid), "gateway": cpu_s(house.pid), "makers": cpu_s(makers.pid)}
    except FileNotFoundError:
        return


def cpu_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / 100
