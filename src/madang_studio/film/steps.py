"""The steps of film as the graph calls them: from `captions` to `check`, rows of its table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from PIL import ImageFont

from madang_studio.errors import FailedCheck, StudioError
from madang_studio.film import subtitles, written
from madang_studio.film.check import check
from madang_studio.film.cues import Cue, Layout, make_cues, too_fast
from madang_studio.film.cut import Cut, Wanted, cut
from madang_studio.film.findings import Finding, told
from madang_studio.film.join import join, put_together
from madang_studio.film.known import Known, Mix
from madang_studio.film.letters import plain
from madang_studio.film.package import make_package
from madang_studio.model.timeline import ShotTime, Timeline, place, speech
from madang_studio.model.work import Made, Step, Task
from madang_studio.programs import fonts
from madang_studio.programs.disk import writing


def make_captions(task: Task) -> Made:
    """Captions of one language as files. Raises StudioError where a line has no translation."""
    language = str(task.node.params["language"])
    timeline = _timeline(task)
    cues = make_cues(timeline.lines, timeline.shots, _texts(task, language))
    files = {
        "captions.srt": written.srt(cues),
        "captions.vtt": written.vtt(cues, language),
        "captions.ass": written.ass(cues, written.look(1280, 720)),
        "captions.json": msgspec.json.encode(cues).decode(),
    }
    _write(task.folder, files)
    notes = [f"line {line}: {words}" for line, words in too_fast(cues).items()]
    return _made(task, files, {"cues": len(cues), "notes": notes})


def make_cut(task: Task) -> Made:
    """A shot as it is seen. Raises StudioError, MissingTool where captions cannot be drawn, NoRoom."""
    params = task.node.params
    shot = str(params["shot"])
    wanted = Wanted(
        shot=shot,
        width_px=int(params["width"]),
        height_px=int(params["height"]),
        duration_ms=int(task.inputs[f"length/{shot}"].facts["shot_ms"]),
    )
    captions, notes = _burned(task, wanted)
    clip = task.inputs[f"clip/{shot}"].path("clip.mp4")
    done = cut(clip, wanted, task.folder, captions)
    facts = {**msgspec.to_builtins(done), "notes": notes}
    return _made(task, ("cut.mp4", "signature.gray", "thumbnail.jpg"), facts)


def make_picture(task: Task) -> Made:
    """All cuts in order. Raises StudioError."""
    params = task.node.params
    timeline = _in_order(task)
    cuts = [
        task.inputs[f"cut/{params['aspect']}/{shot}"].path("cut.mp4") for shot in params["shots"]
    ]
    join(cuts, timeline, task.folder / "picture.mp4")
    facts = {"duration_ms": timeline.duration_ms, **_size(params)}
    return _made(task, ("picture.mp4",), facts)


def make_film(task: Task) -> Made:
    """Picture and mix as one file."""
    picture, mix = task.inputs[f"picture/{task.node.params['aspect']}"], task.inputs["mix"]
    target = task.folder / "film.mp4"
    title = plain(str(task.node.params["title"]))
    put_together(picture.path("picture.mp4"), mix.path("mix.m4a"), title, target)
    return _made(task, ("film.mp4",), {**picture.facts, "lufs": mix.facts["lufs"]})


def make_check(task: Task) -> Made:
    """The findings of the technical check. Raises FailedCheck if one of them blocks."""
    params = task.node.params
    timeline = _in_order(task)
    cuts = [task.inputs[f"cut/{params['aspect']}/{shot}"] for shot in params["shots"]]
    known = Known(
        timeline=timeline,
        width_px=int(params["width"]),
        height_px=int(params["height"]),
        cuts=tuple(msgspec.convert(made.facts, Cut) for made in cuts),
        signatures=tuple(made.path("signature.gray") for made in cuts),
        mix=msgspec.convert(task.inputs["mix"].facts, Mix),
        silent_lines=tuple(task.inputs["mix"].facts["silent"]),
    )
    film = task.inputs[f"film/{params['aspect']}"].path("film.mp4")
    findings = [*check(film, known, task.folder), *_captions(task, timeline)]
    for shot, made in zip(params["shots"], cuts, strict=True):
        findings += (Finding(what="changed", shot=shot, words=note) for note in made.facts["notes"])
    if any(finding.blocks for finding in findings):
        raise FailedCheck(f"the {params['aspect']} film is not fit to be shown: {told(findings)}")
    facts = {"findings": msgspec.to_builtins(findings)}
    _write(task.folder, {"check.json": msgspec.json.encode(facts).decode()})
    return _made(task, ("check.json",), facts)


def _captions(task: Task, timeline: Timeline) -> list[Finding]:
    """What is wrong with the files of captions, read back from them."""
    found: list[Finding] = []
    for key, made in task.inputs.items():
        if not key.startswith("captions/"):
            continue
        meant = msgspec.json.decode(made.path("captions.json").read_bytes(), type=list[Cue])
        for name in ("captions.srt", "captions.vtt"):
            cues = subtitles.read(made.path(name).read_text(encoding="utf-8"))
            called = f"{key} ({name.rpartition('.')[2]})"
            found += subtitles.judge(called, cues, timeline)
            found += subtitles.unseen(called, cues, timeline, {cue.line: "told" for cue in meant})
        found += subtitles.hasty(key, too_fast(meant), timeline)
    return found


def _burned(task: Task, wanted: Wanted) -> tuple[tuple[str, fonts.Choice] | None, list[str]]:
    """The captions of a shot as they are drawn into it, and what was left out of them."""
    params = task.node.params
    if not params.get("burned") or not params["lines"]:
        return None, []
    texts = _texts(task, str(params["burned"]))
    voices = [speech(id_, task.inputs[f"voice/{id_}"].facts) for id_ in texts]
    lines = place(wanted.shot, wanted.duration_ms, voices)
    choice = fonts.choose("".join(texts.values()) or "-")
    form = written.look(wanted.width_px, wanted.height_px)
    whole = ShotTime(wanted.shot, 0, wanted.duration_ms)
    cues = make_cues(lines, [whole], texts, _layout(form, choice))
    left_out = " ".join(sorted(choice.left_out))
    notes = [f"no font has {left_out}: left out of the captions"] if left_out else []
    return (written.ass(cues, form, choice), choice), notes


def _layout(form: written.Look, choice: fonts.Choice) -> Layout:
    """Rows as wide as the picture has room for, measured in the font that is drawn; half an em is 1."""
    font = ImageFont.truetype(str(choice.fonts[0].path), 100)
    room = (form.width_px - 2 * form.side_px) / (form.em_px / 2)
    return Layout(width=room, measure=lambda text: font.getlength(text) / 50)


def _texts(task: Task, language: str) -> dict[str, str]:
    """The text of each line of a step: as spoken, or, where translations are given, from them."""
    said = {str(line["id"]): str(line["text"]) for line in task.node.params["lines"]}
    translations = [
        made for key, made in task.inputs.items() if key.startswith(f"translation/{language}/")
    ]
    if not translations:
        return said
    known: dict[str, str] = {}
    for made in translations:
        content = made.path("translation.json").read_bytes()
        known |= msgspec.json.decode(content, type=dict[str, str])
    missing = [line for line in said if line not in known]
    if missing:
        raise StudioError(f"there is no translation into {language} of line {', '.join(missing)}")
    return {line: known[line] for line in said}


def _timeline(task: Task) -> Timeline:
    return msgspec.convert(task.inputs["timeline"].facts, Timeline)


def _in_order(task: Task) -> Timeline:
    """The timeline, if its shots are those that the step was given, in that order."""
    timeline = _timeline(task)
    if [shot.shot for shot in timeline.shots] != list(task.node.params["shots"]):
        raise StudioError("the timeline has other shots than the film, or another order")
    return timeline


def _size(params: Mapping[str, Any]) -> dict[str, int]:
    return {"width": int(params["width"]), "height": int(params["height"])}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    with writing(folder):
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")


def _made(
    task: Task, names: "tuple[str, ...] | Mapping[str, str]", facts: Mapping[str, Any]
) -> Made:
    return Made(folder=task.folder, files={name: name for name in names}, facts=facts)


STEPS: Final[Mapping[str, Step]] = {
    "captions": make_captions,
    "cut": make_cut,
    "picture": make_picture,
    "film": make_film,
    "check": make_check,
    "package": make_package,
}
"""What makes each row."""
