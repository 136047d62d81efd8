"""What a drama consists of: the nodes of its graph, as far as they can be known yet.

Rule: a node is told only what its result depends on. So a line's text goes to its voice, to captions
and cuts that show it, and nowhere else; somebody's coat to the prompts of the shots that they are in.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from madang_studio.errors import BadScript
from madang_studio.graph.revision import revised
from madang_studio.graph.steps import BUDGET_MS, STEPS
from madang_studio.model.brief import Aspect, Brief
from madang_studio.model.edits import NONE, Edits
from madang_studio.model.script import NARRATOR, Line, Scene, Script, Shot, Voice
from madang_studio.model.work import Node
from madang_studio.writing.shots import share_ms

SIZES: Final[Mapping[Aspect, tuple[int, int]]] = {
    "9:16": (720, 1280),
    "16:9": (1280, 720),
    "1:1": (960, 960),
}
"""Width and height of films in pixels."""

_FPS: Final = 25
_LUFS: Final = -14


def nodes_of(
    brief: Brief,
    script: Script | None = None,
    shots: Sequence[Shot] | None = None,
    edits: Edits = NONE,
    sizes: Mapping[Aspect, tuple[int, int]] = SIZES,
) -> tuple[Node, ...]:
    """The nodes of a drama, each after its inputs.

    `script` as it was written (`script/polish`), None before; `shots` of all scenes in order, None
    before all are known. Raises BadScript where they do not fit each other.
    """
    nodes = [*_script(brief)]
    if script is not None:
        base, now = edits.whole or script, revised(script, edits)
        drama = _Drama(brief, script, base, now, edits, tuple(shots or ()), sizes)
        nodes += _scenes(drama)
        if shots is not None:
            _check(drama)
            nodes += [*_footage(drama), *_sound(drama), *_film(drama)]
            nodes.append(_package(drama, nodes))
    return tuple(_again(node, edits) for node in nodes)


class _Drama(Struct, frozen=True):
    """All that nodes are made from: the script as it was written, as its scenes are cut, and with all edits."""

    brief: Brief
    written: Script
    base: Script
    now: Script
    edits: Edits
    shots: tuple[Shot, ...]
    sizes: Mapping[Aspect, tuple[int, int]]

    @property
    def languages(self) -> tuple[str, ...]:
        """Of captions, each once."""
        burned = (self.brief.burned,) if self.brief.burned else ()
        return tuple(dict.fromkeys((*self.brief.captions, *burned)))

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """Of films, each once; the first is that of the clips."""
        return tuple(dict.fromkeys((self.brief.aspect, *self.brief.exports)))

    @property
    def lines(self) -> dict[str, Line]:
        """All lines with edits, by id, in order."""
        return {line.id: line for scene in self.now.scenes for line in scene.lines}

    def told(self, shot: Shot) -> list[dict[str, Any]]:
        """The lines of a shot as steps get them."""
        return [_told(self.lines[each]) for each in shot.lines]


def _node(key: str, step: str, params: Mapping[str, Any], inputs: Sequence[str] = ()) -> Node:
    row = STEPS[step]
    return Node(
        key=key, step=step, kind=row.kind, inputs=tuple(inputs), params=params, paid=row.paid
    )


def _again(node: Node, edits: Edits) -> Node:
    """The node with the number of its take: a new one makes it anew, an old one finds what was made."""
    take = edits.retakes.get(node.key, 0)
    if not take or "retake" in node.params:
        return node
    seed = {"seed": node.params["seed"] + take} if "seed" in node.params else {}
    return msgspec.structs.replace(node, params={**node.params, **seed, "retake": take})


def _script(brief: Brief) -> Iterator[Node]:
    said = {
        "theme": brief.theme,
        "genre": brief.genre,
        "character": brief.character,
        "setting": brief.setting,
        "minutes": float(brief.minutes),
        "language": brief.language,
        "seed": brief.seed,
    }
    later = {name: said[name] for name in ("genre", "language", "seed")}
    yield _node("script/draft", "draft", said)
    yield _node("script/dialogue", "dialogue", later, ["script/draft"])
    yield _node("script/polish", "polish", later, ["script/dialogue"])


def _scenes(drama: _Drama) -> Iterator[Node]:
    brief, edits = drama.brief, drama.edits
    about = {"genre": brief.genre, "language": brief.language, "seed": brief.seed}
    changes: dict[str, Any] = {
        "lines": _builtins(edits.lines),
        "characters": _builtins(edits.characters),
        "places": _builtins(edits.places),
    }
    if edits.whole is not None:
        changes["whole"] = _builtins(edits.whole)
    yield _node("script", "revise", changes, ["script/polish"])
    # by what was written: a scene that people add makes the film longer, and no other scene anew
    share = share_ms(float(brief.minutes), len(drama.written.scenes))
    for scene in drama.base.scenes:
        params = {"scene": _builtins(scene), **about, "longest_ms": BUDGET_MS, "share_ms": share}
        yield _node(f"shots/{scene.id}", "scene_break", params)
    for line in drama.lines.values():
        yield _voice(drama, line)
    for language in drama.languages:
        if language != brief.language:
            yield from (_translation(drama, scene, language) for scene in drama.now.scenes)


def _voice(drama: _Drama, line: Line) -> Node:
    bible = {each.name: each.voice for each in drama.now.characters}
    key = f"voice/{line.id}"
    params = {
        "text": line.text,
        "emotion": line.emotion,
        "character": line.character,
        "voice": _builtins(bible.get(line.character, Voice())),
        "language": drama.brief.language,
        "model": drama.edits.models.get(key, drama.brief.speech),
        "seed": drama.brief.seed,
        "retake": drama.edits.retakes.get(key, 0),
    }
    return _node(key, "voice", params)


def _translation(drama: _Drama, scene: Scene, language: str) -> Node:
    params = {
        "lines": [_told(line) for line in scene.lines],
        "source": drama.brief.language,
        "language": language,
    }
    return _node(f"translation/{language}/{scene.id}", "translation", params)


def _footage(drama: _Drama) -> Iterator[Node]:
    for shot in drama.shots:
        yield _prompt(drama, shot)
        params = {"budget_ms": shot.duration_ms, "lines": list(shot.lines)}
        yield _node(f"length/{shot.id}", "length", params, [f"voice/{each}" for each in shot.lines])
        yield _clip(drama, shot)
    voices = [f"voice/{each}" for shot in drama.shots for each in shot.lines]
    shots = [{"id": shot.id, "lines": list(shot.lines)} for shot in drama.shots]
    yield _node("timeline", "timeline", {"shots": shots}, [*_each("length", drama), *voices])


def _prompt(drama: _Drama, shot: Shot) -> Node:
    scene = next(each for each in drama.now.scenes if each.id == shot.scene)
    params = {
        "shot": {"id": shot.id, "action": shot.action, "camera": shot.camera},
        "scene": {
            "description": scene.description,
            "camera": scene.camera,
            "setting": scene.setting,
        },
        "place": next((_builtins(it) for it in drama.now.places if it.name == shot.place), None),
        "characters": [_seen(it) for it in drama.now.characters if it.name in shot.characters],
        "genre": drama.brief.genre,
        "aspect": drama.brief.aspect,
    }
    return _node(f"prompt/{shot.id}", "prompt", params)


def _clip(drama: _Drama, shot: Shot) -> Node:
    key = f"clip/{shot.id}"
    params = {
        "model": drama.edits.models.get(key, drama.brief.video),
        "aspect": drama.brief.aspect,
        "urgency": drama.brief.urgency,
        "seed": drama.brief.seed,
        "retake": drama.edits.retakes.get(key, 0),
    }
    return _node(key, "clip", params, [f"prompt/{shot.id}", f"length/{shot.id}"])


def _sound(drama: _Drama) -> Iterator[Node]:
    music = {"music": _builtins(drama.now.music), "seed": drama.brief.seed}
    yield _node("music", "music", music)
    spoken = [drama.lines[each] for shot in drama.shots for each in shot.lines]
    heard = [{"id": it.id, "character": it.character, "emotion": it.emotion} for it in spoken]
    voices = [f"voice/{line.id}" for line in spoken]
    yield _node("mix", "mix", {"lufs": _LUFS, "lines": heard}, ["timeline", "music", *voices])
    for language in drama.languages:
        params = {"language": language, "lines": [_told(line) for line in spoken]}
        inputs = ["timeline", *_translations(drama, language, drama.now.scenes)]
        yield _node(f"captions/{language}", "captions", params, inputs)


def _film(drama: _Drama) -> Iterator[Node]:
    ids = [shot.id for shot in drama.shots]
    captions = [f"captions/{language}" for language in drama.languages]
    for aspect in drama.aspects:
        width, height = drama.sizes[aspect]
        size = {"aspect": aspect, "width": width, "height": height}
        cuts = [_cut(drama, shot, size) for shot in drama.shots]
        yield from cuts
        placed = [cut.key for cut in cuts]
        picture = {**size, "fps": _FPS, "shots": ids}
        yield _node(f"picture/{aspect}", "picture", picture, ["timeline", *placed])
        film = {"aspect": aspect, "title": drama.now.title}
        yield _node(f"film/{aspect}", "film", film, [f"picture/{aspect}", "mix"])
        inputs = [f"film/{aspect}", "timeline", "mix", *captions, *placed]
        yield _node(f"check/{aspect}", "check", {**size, "shots": ids}, inputs)


def _cut(drama: _Drama, shot: Shot, size: Mapping[str, Any]) -> Node:
    burned = drama.brief.burned
    params = {
        "shot": shot.id,
        **size,
        "fps": _FPS,
        "burned": burned,
        "lines": drama.told(shot) if burned else [],
    }
    inputs = [f"clip/{shot.id}", f"length/{shot.id}"]
    if burned:
        scene = [each for each in drama.now.scenes if each.id == shot.scene]
        inputs += [f"voice/{each}" for each in shot.lines]
        inputs += _translations(drama, burned, scene) if shot.lines else []
    return _node(f"cut/{size['aspect']}/{shot.id}", "cut", params, inputs)


def _package(drama: _Drama, nodes: Sequence[Node]) -> Node:
    params = {
        "title": drama.now.title,
        "languages": list(drama.languages),
        "aspects": list(drama.aspects),
        "shots": [shot.id for shot in drama.shots],
    }
    return _node("package", "package", params, [node.key for node in nodes])


def _translations(drama: _Drama, language: str, scenes: Sequence[Scene]) -> list[str]:
    if language == drama.brief.language:
        return []
    return [f"translation/{language}/{scene.id}" for scene in scenes]


def _each(sort: str, drama: _Drama) -> list[str]:
    return [f"{sort}/{shot.id}" for shot in drama.shots]


def _seen(character: object) -> dict[str, Any]:
    """What a picture needs of somebody: not the voice, or another voice would change the picture."""
    told: dict[str, Any] = _builtins(character)
    return {name: told[name] for name in ("name", "appearance", "clothing")}


def _told(line: Line) -> dict[str, Any]:
    return {"id": line.id, "character": line.character, "text": line.text}


def _builtins(value: object) -> Any:  # noqa: ANN401 - JSON
    return msgspec.to_builtins(value)


def _check(drama: _Drama) -> None:
    """Shots, scenes and lines have to speak of each other."""
    scenes = {scene.id for scene in drama.base.scenes}
    people = {each.name for each in drama.base.characters} | {NARRATOR}
    told = [line for shot in drama.shots for line in shot.lines]
    if not drama.shots:
        raise BadScript("The script has no shots: there is nothing to film.")
    if sorted(told) != sorted(drama.lines):
        odd = set(told) ^ set(drama.lines) or {each for each in told if told.count(each) > 1}
        raise BadScript(f"Lines have to be in one shot each, and {', '.join(sorted(odd))} is not.")
    for shot in drama.shots:
        if shot.scene not in scenes:
            raise BadScript(f"Shot {shot.id} is of scene {shot.scene}, which there is not.")
        if strangers := set(shot.characters) - people:
            raise BadScript(f"Shot {shot.id} shows {', '.join(sorted(strangers))}, who is nobody.")
