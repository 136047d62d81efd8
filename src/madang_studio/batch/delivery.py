"""A finished drama as people get it: films, caption files, the package and the script in one folder.

Rule: copies, not links: what people do with their files never reaches what the studio keeps.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from madang_studio.errors import StudioError
from madang_studio.graph.standing import Standing
from madang_studio.graph.survey import survey
from madang_studio.store import Project
from madang_studio.store.objects import room

_STRANGE: Final = re.compile(r"[^\w]+")
_MOST_NAME: Final = 60

_STAND_INS: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "clip": (
        frozenset({"animatic"}),
        "the picture is an animatic (drawn frames), which no video model has made",
    ),
    "voice": (
        frozenset({"scratch-voice"}),
        "the voices are scratch voices (a machine reading, or a hum without espeak-ng), which no speech model has made",
    ),
}
"""Models of the playground by step, and what to say of them."""


class Delivered(Struct, frozen=True, kw_only=True):
    """What was handed over. `files` by name. `stand_ins`: what is not the real thing, in words.

    `findings`: remarks of the technical check. `cost_nusd`: all that was paid for the drama, `unpriced`
    requests aside.
    """

    drama: str
    title: str
    folder: Path
    films: tuple[Path, ...]
    captions: tuple[Path, ...]
    package: Path
    duration_ms: int
    shots: int
    lufs: float
    cost_nusd: int
    unpriced: int
    stand_ins: tuple[str, ...]
    findings: tuple[str, ...]


def files_of(project: Project, drama: str) -> dict[str, Path]:
    """All that can be handed over now, by a name that says what it is. Raises StudioError."""
    standing = survey(project, drama).standing
    clips = {
        clip_file(key): project.shelf.made(it.artefact).path("clip.mp4")
        for key, it in standing.items()
        if it.node.step == "clip" and it.state == "fresh" and it.artefact is not None
    }
    return {**dict(_files(project, standing)), **clips}


def clip_file(place: str) -> str:
    """The name under which the clip of a place (`clip/1.2`) can be had: `clip-1.2.mp4`."""
    return f"{place.replace('/', '-')}.mp4"


def deliver(project: Project, drama: str, folder: Path) -> Delivered:
    """Copy a finished drama into a folder. Raises StudioError, NoRoom."""
    seen = survey(project, drama)
    if not seen.done or seen.shots is None:
        raise StudioError(
            f"Drama {drama} is not finished: `madang studio status {drama}` says why."
        )
    films = [it for key, it in seen.standing.items() if key.startswith("film/")]
    facts = _facts(films[0])
    title = str(_facts(seen.standing["script"])["title"])
    name = slug(title) or drama
    copied = {
        file: _copied(source, folder / f"{name}.{file}")
        for file, source in _files(project, seen.standing)
    }
    spent = project.money.spent(drama)
    return Delivered(
        drama=drama,
        title=title,
        folder=folder,
        films=tuple(path for file, path in copied.items() if file.endswith(".mp4")),
        captions=tuple(path for file, path in copied.items() if file.endswith((".srt", ".vtt"))),
        package=copied["package.zip"],
        duration_ms=int(facts["duration_ms"]),
        shots=len(seen.shots),
        lufs=float(facts["lufs"]),
        cost_nusd=spent.nusd,
        unpriced=spent.unpriced,
        stand_ins=tuple(stand_ins(seen.standing)),
        findings=tuple(_findings(seen.standing)),
    )


def stand_ins(standing: Mapping[str, Standing]) -> Iterator[str]:
    """What was played instead of made, in words; pain: a silent downgrade is worse than a failure."""
    for step, (models, words) in _STAND_INS.items():
        used = {
            str(_facts(it).get("model", "")).rpartition("/")[2]
            for it in standing.values()
            if it.node.step == step and it.artefact is not None
        }
        if used & models:
            yield words


def slug(title: str) -> str:
    """A title as a name of files: letters of any language, digits and hyphens."""
    return _STRANGE.sub("-", title.lower()).strip("-_")[:_MOST_NAME].strip("-")


def _files(project: Project, standing: Mapping[str, Standing]) -> Iterator[tuple[str, Path]]:
    for key, it in standing.items():
        if it.state != "fresh" or it.artefact is None:
            continue
        made = project.shelf.made(it.artefact)
        sort, _, rest = key.partition("/")
        if sort == "film":
            yield f"{rest.replace(':', 'x')}.mp4", made.path("film.mp4")
        elif sort == "captions":
            yield f"{rest}.srt", made.path("captions.srt")
            yield f"{rest}.vtt", made.path("captions.vtt")
        elif key == "package":
            yield "package.zip", made.path("package.zip")


def _findings(standing: Mapping[str, Standing]) -> Iterator[str]:
    """The remarks of the checks; one that holds for many shots is made once."""
    for key, it in standing.items():
        if not key.startswith("check/"):
            continue
        shots: dict[str, list[str]] = {}
        for found in _facts(it).get("findings", ()):
            shots.setdefault(found["words"], []).append(found["shot"] or "the film")
        for words, where in shots.items():
            yield f"{key.removeprefix('check/')}, {', '.join(where)}: {words}"


def _facts(standing: Standing) -> Mapping[str, Any]:
    return standing.artefact.facts if standing.artefact else {}


def _copied(source: Path, target: Path) -> Path:
    """A whole file under its name, or none: written beside it and renamed. One that is there stays."""
    with room(target):
        if target.exists() and _mark(target) == _mark(source):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.part")
        shutil.copy2(source, beside)
        beside.replace(target)
    return target


def _mark(file: Path) -> tuple[int, int]:
    """By what a copy is known to be up to date."""
    about = file.stat()
    return about.st_size, about.st_mtime_ns
