"""The step `scene_break`: a scene in shots, each no longer than a video model can make.

Rules: a scene is cut by itself, so that what is written in one never cuts another anew. Every line
is heard in exactly one shot, in order; what is said decides only how many whole seconds it takes, the
words themselves are never part of a shot. A description of the whole scene goes to shots that show
everybody in it, as a video model draws whoever is named.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, cycle
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from madang_studio.model.script import NARRATOR, Line, Scene, Shot
from madang_studio.model.work import Made, Task
from madang_studio.writing.genres import Camera, genre_of
from madang_studio.writing.languages import speech_ms
from madang_studio.writing.leaving import leave

SLACK: Final = 1.2
"""Of the estimated speech: a voice may be slower than the estimate."""

AIR_MS: Final = 600
"""Before and after a line."""

_SECOND_MS: Final = 1_000
_USUAL_MS: Final = 8_000
"""No shot is longer unless a line is: longer ones are dull, and many models cannot make them."""

_SHORTEST_MS: Final = 2_000
_SILENT_MS: Final = 3_000
"""Of a shot in which nobody speaks: most models charge for four or five seconds at least."""

_LINES_PER_REACTION: Final = 2
_MOST_TOGETHER: Final = 2
_SHORT_MS: Final = 2_000
"""Lines that take no more may share a shot: a question and its answer."""

Sort = Literal["establishing", "speaking", "reaction", "action"]


class Cut(Struct, frozen=True):
    """A shot to be: what it shows, who is seen, what is heard, and how long it is at least."""

    sort: Sort
    lines: tuple[Line, ...]
    people: tuple[str, ...]
    duration_ms: int


class Wish(Struct, frozen=True):
    """How a scene is cut: `share_ms` is how much of the film it should fill (0: what it needs)."""

    language: str
    longest_ms: int
    share_ms: int = 0


def make_shots(task: Task) -> Made:
    """Cut a scene. `params`: scene (a Scene), genre, language, longest_ms, share_ms?.

    Leaves `shots.json`, a list of Shot; facts: shots, duration_ms.
    """
    shots = shots_told(task.node.params)
    whole = sum(shot.duration_ms for shot in shots)
    return leave(task.folder, "shots.json", shots, {"shots": len(shots), "duration_ms": whole})


def shots_told(params: Mapping[str, Any]) -> tuple[Shot, ...]:
    """The shots that the step makes of such `params`, without making them."""
    wish = Wish(params["language"], params["longest_ms"], params.get("share_ms", 0))
    scene = msgspec.convert(params["scene"], Scene)
    return shots_of(scene, genre_of(params["genre"]).camera, wish)


def share_ms(minutes: float, scenes: int) -> int:
    """A scene's part of a film: the same for each, so that none depends on what others say."""
    return round(minutes * 60_000 / max(1, scenes))


def shots_of(scene: Scene, camera: Camera, wish: Wish) -> tuple[Shot, ...]:
    """The shots of a scene, in order; at least one."""
    cuts = _stretched(_filled(_cuts(scene, wish), scene, wish), wish)
    angles = {sort: cycle(getattr(camera, sort)) for sort in Camera.__struct_fields__}
    return tuple(
        Shot(
            id=f"{scene.id}.{number}",
            scene=scene.id,
            action=_action(cut, scene),
            camera=_camera(cut, next(angles[cut.sort]), scene),
            characters=cut.people,
            place=scene.place,
            lines=tuple(line.id for line in cut.lines),
            duration_ms=cut.duration_ms,
        )
        for number, cut in enumerate(cuts, 1)
    )


def need_ms(lines: Sequence[Line], language: str) -> int:
    """What a shot needs for what is said in it: whole seconds, slack and air included."""
    if not lines:
        return 0
    spoken = sum(speech_ms(line.text, language) for line in lines) * SLACK + AIR_MS
    return max(_SHORTEST_MS, math.ceil(spoken / _SECOND_MS) * _SECOND_MS)


def _cuts(scene: Scene, wish: Wish) -> list[Cut]:
    """An opening, then whoever speaks, one shot after the other."""
    groups = list(_together(scene.lines, wish))
    heard: tuple[Line, ...] = ()
    if groups and all(line.character == NARRATOR for line in groups[0]):
        heard = groups.pop(0)
    cuts = [Cut("establishing", heard, scene.characters, _duration(heard, wish))]
    for lines in groups:
        speakers = [line.character for line in lines if line.character != NARRATOR]
        people = tuple(dict.fromkeys(speakers)) or scene.characters
        sort: Sort = "speaking" if speakers else "action"
        cuts.append(Cut(sort, lines, people, _duration(lines, wish)))
    return cuts


def _together(lines: Sequence[Line], wish: Wish) -> Iterator[tuple[Line, ...]]:
    """Lines that share a shot: two short ones, as long as they fit. A narrator is never with others."""
    group: tuple[Line, ...] = ()
    for line in lines:
        both = (*group, line)
        short = all(need_ms((one,), wish.language) <= _SHORT_MS for one in both)
        alike = len({one.character == NARRATOR for one in both}) == 1
        if group and not (short and alike and len(both) <= _MOST_TOGETHER):
            yield group
            both = (line,)
        group = both
    if group:
        yield group


def _duration(lines: Sequence[Line], wish: Wish) -> int:
    return _within(need_ms(lines, wish.language) or _SHORTEST_MS, wish)


def _within(duration_ms: int, wish: Wish) -> int:
    """Whole seconds, at most what the model makes. A line that needs more goes on beyond its clip."""
    return max(1_000, min(duration_ms, wish.longest_ms // 1_000 * 1_000))


def _filled(cuts: list[Cut], scene: Scene, wish: Wish) -> list[Cut]:
    """With silent shots where the scene has time for them: who listens after every other line, else what happens."""
    missing = wish.share_ms - sum(cut.duration_ms for cut in cuts)
    silent_ms = _within(_SILENT_MS, wish)
    found: list[Cut] = []
    for number, cut in enumerate(cuts):
        found.append(cut)
        listeners = [name for name in scene.characters if name not in cut.people]
        due = cut.sort == "speaking" and number % _LINES_PER_REACTION == 1
        if due and listeners and missing >= silent_ms:
            found.append(Cut("reaction", (), (listeners[0],), silent_ms))
            missing -= silent_ms
    return _with_silence(found, missing, scene, wish)


def _with_silence(cuts: list[Cut], missing: int, scene: Scene, wish: Wish) -> list[Cut]:
    """With as many more as keep all at the usual length: everybody and single faces in turn, spread out."""
    silent_ms, longest = _within(_SILENT_MS, wish), _within(_USUAL_MS, wish)
    room = sum(max(0, longest - cut.duration_ms) for cut in cuts)
    faces = cycle(scene.characters)
    found = list(cuts)
    for number in count():
        if missing <= room or missing < silent_ms:
            break
        alone = number % 2 and scene.characters
        seen = (next(faces),) if alone else scene.characters
        sort: Sort = "reaction" if alone else "action"
        found.insert(min(len(found), 1 + 2 * number), Cut(sort, (), seen, silent_ms))
        missing -= silent_ms
        room += longest - silent_ms
    return found


def _stretched(cuts: list[Cut], wish: Wish) -> list[Cut]:
    """With longer shots, a second each in turn, until the scene fills its share; none over the usual length."""
    longest = _within(_USUAL_MS, wish)
    missing = (wish.share_ms - sum(cut.duration_ms for cut in cuts)) // 1_000
    found = list(cuts)
    while missing > 0:
        short = [index for index, cut in enumerate(found) if cut.duration_ms < longest]
        for index in short[:missing]:
            longer = found[index].duration_ms + 1_000
            found[index] = msgspec.structs.replace(found[index], duration_ms=longer)
        if not short:
            break
        missing -= len(short)
    return found


def _action(cut: Cut, scene: Scene) -> str:
    """What is seen, in words that never have a line's text."""
    everybody = set(cut.people) == set(scene.characters)
    around = scene.description if everybody else "Nobody else is in the picture."
    match cut.sort:
        case "speaking":
            said = ", then ".join(map(_speaks, cut.lines))
            return f"{said}. {around}"[:2_000]
        case "reaction":
            return f"{cut.people[0]} is silent and reacts. {around}"[:2_000]
    return scene.description


def _speaks(line: Line) -> str:
    how = "" if line.emotion == "neutral" else f", {line.emotion}"
    return f"{line.character} speaks{how}"


def _camera(cut: Cut, angle: str, scene: Scene) -> str:
    """The scene's own camera where it opens, and the genre's elsewhere."""
    return scene.camera if cut.sort == "establishing" and scene.camera else angle
