"""Everything of a film in one ZIP: what is shown, what it is made of, what it cost.

Rule: the same inputs give the same bytes (files in order, dates of 1980), and the manifest has each
file's size and SHA-256.
"""

import hashlib
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from madang_studio.film.costs import as_csv, sheet
from madang_studio.film.cut import Cut
from madang_studio.film.edit import edit_of
from madang_studio.film.reading_copy import reading_copy
from madang_studio.film.sheet import contact_sheet
from madang_studio.model.script import Script
from madang_studio.model.timeline import Timeline
from madang_studio.model.work import Made, Task
from madang_studio.programs.disk import writing

Content = Path | str
"""A file, or the text of one."""

BEGINNING: Final = (1980, 1, 1, 0, 0, 0)

PIECE_BYTES: Final = 1 << 20

STRANGE: Final = re.compile(r"[^\w.-]|\.\.+")
"""What the name of a file in a package never has: an id must not lead out of the folder."""


def make_package(task: Task) -> Made:
    """Write `package.zip`. Raises NoRoom; KeyError for an input that the graph promised."""
    with writing(task.folder):
        contents = dict(_contents(task))
        target = task.folder / "package.zip"
        files = _packed(contents, str(task.node.params["title"]), target)
        (task.folder / SHEET).unlink()
    return Made(folder=task.folder, files={"package.zip": "package.zip"}, facts={"files": files})


SHEET: Final = "contact-sheet.jpg"


def _contents(task: Task) -> Iterator[tuple[str, Content]]:
    """Each file by its place in the package."""
    params, inputs = task.node.params, task.inputs
    timeline = msgspec.convert(inputs["timeline"].facts, Timeline)
    for aspect in params["aspects"]:
        shape = aspect.replace(":", "x")
        yield f"film-{shape}.mp4", inputs[f"film/{aspect}"].path("film.mp4")
        yield f"check-{shape}.json", inputs[f"check/{aspect}"].path("check.json")
    for language in params["languages"]:
        for kind in ("srt", "vtt", "ass"):
            file = inputs[f"captions/{language}"].path(f"captions.{kind}")
            yield f"captions/{language}.{kind}", file
    for name in ("mix.m4a", "voices.flac", "bed.flac"):
        yield f"sound/{name}", inputs["mix"].path(name)
    yield from _script(inputs["script"])
    yield from _shots(task, timeline)
    costs = sheet(inputs, timeline.duration_ms)
    yield "costs.json", _json(costs)
    yield "costs.csv", as_csv(costs)


def _script(made: Made) -> Iterator[tuple[str, Content]]:
    file = made.path("script.json")
    yield "script/script.json", file
    yield "script/script.txt", reading_copy(msgspec.json.decode(file.read_bytes(), type=Script))


def _shots(task: Task, timeline: Timeline) -> Iterator[tuple[str, Content]]:
    """Clips, thumbnails, the contact sheet, and the edit over the clips."""
    params, inputs = task.node.params, task.inputs
    aspect = params["aspects"][0]
    cuts = {shot: inputs[f"cut/{aspect}/{shot}"] for shot in params["shots"]}
    names = {shot: STRANGE.sub("_", shot) for shot in params["shots"]}
    places = {shot: f"clips/{name}.mp4" for shot, name in names.items()}
    for shot, cut in cuts.items():
        yield places[shot], inputs[f"clip/{shot}"].path("clip.mp4")
        yield f"thumbnails/{names[shot]}.jpg", cut.path("thumbnail.jpg")
    thumbnails = [(shot, cuts[shot.shot].path("thumbnail.jpg")) for shot in timeline.shots]
    contact_sheet(thumbnails, task.folder / SHEET)
    yield SHEET, task.folder / SHEET
    done = [msgspec.convert(cuts[shot.shot].facts, Cut) for shot in timeline.shots]
    yield "timeline.otio", edit_of(str(params["title"]), timeline, done, places)


def _packed(contents: Mapping[str, Content], title: str, target: Path) -> list[str]:
    """Write the ZIP; the names in it. Media do not get smaller by packing, so nothing is compressed."""
    manifest: list[dict[str, Any]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(contents.items()):
            size, digest = _add(archive, name, content)
            manifest.append({"name": name, "bytes": size, "sha256": digest})
        _add(archive, "manifest.json", _json({"title": title, "files": manifest}))
        return archive.namelist()


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> tuple[int, str]:
    entry = zipfile.ZipInfo(name, BEGINNING)
    entry.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    if isinstance(content, str):
        data = content.encode()
        digest.update(data)
        archive.writestr(entry, data)
        return len(data), digest.hexdigest()
    with content.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            digest.update(piece)
        source.seek(0)
        entry.file_size = content.stat().st_size
        with archive.open(entry, "w", force_zip64=entry.file_size > 2**31) as sink:
            shutil.copyfileobj(source, sink, PIECE_BYTES)
    return entry.file_size, digest.hexdigest()


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
