"""A script as a file that people edit: YAML or JSON, written to be read, read back with the line of each fault.

Rules: ids stay as they are written; a scene or a line without one gets the next that is free. Every
scalar is text until its place says otherwise, so `no` is a name and `1.10` an id. Nothing is mended but
white space: what a person wrote wrong is told, not guessed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from madang_studio.errors import BadScript
from madang_studio.model.script import Script
from madang_studio.writing.judging import Fault, faults_of
from madang_studio.writing.mending import Place, clean
from madang_studio.writing.rules import Limits, faults_in
from madang_studio.writing.schema import Schema, schema_of

MOST_CHARS: Final = 500_000
_MOST_FAULTS: Final = 20
_DEEPEST: Final = 20

_HEAD: Final = """\
# A script. Change what you like, then give the file back: `id`s say which line is which, so leave them;
# a new line or scene needs none. Whoever speaks is in `characters`, or is the `narrator`.
"""

_HINT: Final = (
    " Lines are indented by spaces, never tabs; a text that has `: ` or ` #` in it, or begins with a mark, "
    'stands in "quotation marks".'
)
"""For whom YAML's own words for a slip say little."""

Lines = Mapping[Place, int]
"""In which line of the file something stands, from 1."""


def yaml_of(script: Script) -> str:
    """A script as YAML."""
    tree = msgspec.to_builtins(script, str_keys=True)
    return _HEAD + yaml.dump(
        _arranged(tree), Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False, width=100
    )


def json_of(script: Script) -> str:
    """A script as JSON, indented."""
    return json.dumps(msgspec.to_builtins(script), ensure_ascii=False, indent=1) + "\n"


def script_from(text: str, name: str = "script.yaml", limits: Limits | None = None) -> Script:
    """The script in a file's text; `name` ends in .json for JSON, and stands in messages.

    Raises BadScript with every fault and its line, twenty at most.
    """
    if len(text) > MOST_CHARS:
        raise BadScript(f"{name} has {len(text)} characters; at most {MOST_CHARS} are read.")
    tree, lines = _json_tree(text, name) if name.endswith(".json") else _yaml_tree(text, name)
    schema = _without_ids(schema_of(Script))
    tree = _typed(tree, schema)
    if faults := list(faults_of(tree, schema)):
        raise _bad(name, faults, lines)
    script = msgspec.convert(_numbered(tree), Script)
    if faults := faults_in(script, limits or Limits()):
        raise _bad(name, faults, lines)
    return script


def _arranged(tree: dict[str, Any]) -> dict[str, Any]:
    """Who and what first; of a scene its lines last."""
    scenes = [
        {
            **{name: value for name, value in scene.items() if name != "lines"},
            "lines": scene["lines"],
        }
        for scene in tree["scenes"]
    ]
    order = ("title", "genre", "language", "logline", "music", "characters", "places")
    return {name: tree[name] for name in order} | {"scenes": scenes}


def _json_tree(text: str, name: str) -> tuple[Any, Lines]:
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadScript(f"{name}, line {error.lineno}: no JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise BadScript(f"{name} cannot be read: {error}.") from error
    try:
        return tree, _yaml_tree(text, name)[1]
    except BadScript:  # JSON that is no YAML, with tabs for instance: places without their lines
        return tree, {}


def _yaml_tree(text: str, name: str) -> tuple[Any, Lines]:
    try:
        root = yaml.compose(text, yaml.BaseLoader)
        reader = _Reader()
        return (reader.value(root) if root else {}), reader.lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        hint = "" if isinstance(error, _Unwanted) else _HINT
        raise BadScript(f"{name}{line}: {error.problem or error}.{hint}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadScript(f"{name} cannot be read: {' '.join(str(error).split())}.") from error


class _Reader:
    """Makes texts, lists and mappings of nodes, and remembers in which line each stands.

    Refuses aliases, by which a short file becomes an endless tree.
    """

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self._seen: set[int] = set()

    def value(self, node: Node, place: Place = ()) -> Any:  # noqa: ANN401 - a tree
        """What a node says. Raises MarkedYAMLError."""
        self.lines.setdefault(place, node.start_mark.line + 1)
        if id(node) in self._seen:
            raise _marked(node, "this is used again below by an alias, which is not possible here")
        self._seen.add(id(node))
        if len(place) > _DEEPEST:
            raise _marked(node, "is nested too deep")
        match node:
            case MappingNode():
                return self._mapping(node, place)
            case SequenceNode():
                return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
        plain = isinstance(node, ScalarNode) and node.style is None
        return None if plain and node.value in ("", "~", "null") else node.value

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode):
                raise _marked(key, "a name is needed here")
            if key.value in found:
                raise _marked(key, f"{key.value!r} is there twice")
            self.lines[(*place, key.value)] = key.start_mark.line + 1
            found[key.value] = self.value(item, (*place, key.value))
        return found


class _Unwanted(yaml.MarkedYAMLError):
    """Good YAML that is no script."""


def _marked(node: Node, problem: str) -> _Unwanted:
    return _Unwanted(problem=problem, problem_mark=node.start_mark)


def _without_ids(schema: Schema) -> Schema:
    """The schema of a script whose scenes and lines may lack their ids."""
    scene = schema["properties"]["scenes"]["items"]
    for one in (scene, scene["properties"]["lines"]["items"]):
        one["required"] = [name for name in one["required"] if name != "id"]
    return schema


def _typed(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a tree
    """With numbers where the schema has numbers, clean texts, and nothing where nothing was written."""
    if "anyOf" in schema:
        return None if value is None else _typed(value, schema["anyOf"][0])
    match value, schema.get("type"):
        case dict(), "object":
            known = schema["properties"]
            written = {name: item for name, item in value.items() if item is not None}
            return {name: _typed(item, known.get(name, {})) for name, item in written.items()}
        case list(), "array":
            return [_typed(item, schema["items"]) for item in value]
        case str(), "integer" | "number":
            return _number(value, schema["type"])
        case int() | float(), "string" if not isinstance(value, bool):
            return str(value)
        case str(), _:
            return clean(value)
    return value


def _number(text: str, kind: str) -> int | float | str:
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        return text


def _numbered(tree: dict[str, Any]) -> dict[str, Any]:
    """With ids everywhere: those that are there stay, the others follow the highest."""
    scenes = []
    numbers = _free([scene.get("id", "") for scene in tree["scenes"]], "")
    taken = [line.get("id", "") for scene in tree["scenes"] for line in scene["lines"]]
    for scene in tree["scenes"]:
        one = scene.get("id") or next(numbers)
        theirs = _free(taken, f"{one}.")
        lines = [line | {"id": line.get("id") or next(theirs)} for line in scene["lines"]]
        scenes.append(scene | {"id": one, "lines": lines})
    return tree | {"scenes": scenes}


def _free(taken: Sequence[str], before: str) -> Iterator[str]:
    ends = [one.removeprefix(before) for one in taken]
    highest = max((int(end) for end in ends if end.isdecimal() and len(end) < 10), default=0)
    while True:
        highest += 1
        yield f"{before}{highest}"


def _bad(name: str, faults: Sequence[Fault], lines: Lines) -> BadScript:
    told = [
        f"{name}{_at(fault.place, lines)}: {fault}" if fault.place else f"{name} {fault.words}"
        for fault in faults[:_MOST_FAULTS]
    ]
    more = len(faults) - _MOST_FAULTS
    return BadScript("\n".join([*told, *([f"… and {more} more"] if more > 0 else [])]))


def _at(place: Place, lines: Lines) -> str:
    """The line of a place, or of the nearest thing around it that is there."""
    for end in range(len(place), 0, -1):
        if place[:end] in lines:
            return f", line {lines[place[:end]]}"
    return ""
