"""YAML text as a tree of plain values that know their lines.

Read from the parser's events instead of through PyYAML's constructors, for four reasons: every
value keeps its line, duplicate keys are seen, nothing that a tag names is ever constructed, and
depth and size are bounded while reading (aliases count with all they stand for, so a "billion
laughs" file ends early). Words mean what YAML 1.2 says: only `true` and `false` are booleans, so
`on:` is a key and `region: no` is Norway.
"""

import re
from collections.abc import Iterator, Mapping

import yaml
from msgspec import Struct, structs

from madang.config.parsing.expand import Variables, protect
from madang.config.problems import ConfigError, Path, Problem, show, spell

MAX_BYTES = 1024 * 1024
MAX_NODES = 200_000
MAX_DEPTH = 24

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_TAB = re.compile(r"^ *\t", re.MULTILINE)

Value = None | bool | int | float | str | list["Node"] | dict[str, "Node"]


class Node(Struct, frozen=True):
    """A value of the file.

    `line` is 1-based (for a mapping's value: the line of its key), `size` counts the value and all
    below it. `from_environment`: the text holds the value of a variable, and must not be shown.
    """

    value: Value
    line: int
    size: int = 1
    from_environment: bool = False

    def line_of(self, path: Path) -> int:
        """The line of what stands at `path`, or of the last step towards it that is there."""
        node = self
        for step in path:
            if isinstance(node.value, list) and isinstance(step, int):
                node = node.value[step]
            elif isinstance(node.value, dict) and isinstance(step, str):
                node = node.value.get(step, node)
        return node.line


def read(text: str, environ: Mapping[str, str], source: str) -> tuple[Node, list[Problem]]:
    """The tree of a file, and its faults. Raises ConfigError for what is not YAML or too much."""
    _check_size(text, source)
    guarded, variables = protect(text, environ)
    last_line = _last_line(text)
    reader = _Reader(yaml.parse(guarded, Loader=_LOADER), variables, last_line)
    try:
        root = reader.document()
    except yaml.YAMLError as error:
        raise ConfigError(source, (_syntax(error, text),)) from None
    except _Unusable as fault:
        problem = Problem(spell(fault.path), fault.message, fault.line)
        raise ConfigError(source, (*reader.problems, problem)) from None
    return root, reader.problems


class _Unusable(Exception):
    """The rest of the file cannot be read; never leaves this module."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(message)
        self.path, self.line, self.message = path, line, message


class _Reader:
    """Builds nodes from events, one recursive step per level (bounded by MAX_DEPTH)."""

    def __init__(self, events: Iterator[yaml.Event], variables: Variables, last_line: int) -> None:
        self.problems: list[Problem] = []
        self._events = events
        self._variables = variables
        self._last_line = last_line
        self._anchors: dict[str, Node | None] = {}
        self._size = 0

    def document(self) -> Node:
        """The only document of the file; an empty file is a null."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Node(None, 1)
        root = self._node(next(self._events), ())
        next(self._events)
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            fault = "a second document starts here; keep one, without `---`"
            raise _Unusable((), self._line(more), fault)
        return root

    def _node(self, event: yaml.Event, path: Path) -> Node:
        if len(path) > MAX_DEPTH:
            raise _Unusable(
                path[:4], self._line(event), f"nested more than {MAX_DEPTH} levels deep"
            )
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event, path)
            self._count(node.size, event, path)
            return node
        self._count(1, event, path)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = None
        node = self._fresh(event, path)
        if anchor:
            self._anchors[anchor] = node
        return node

    def _count(self, size: int, event: yaml.Event, path: Path) -> None:
        self._size += size
        if self._size > MAX_NODES:
            raise _Unusable(
                path, self._line(event), f"more than {MAX_NODES:,} values, aliases included"
            )

    def _alias(self, event: yaml.AliasEvent, path: Path) -> Node:
        name = event.anchor or ""
        node = self._anchors.get(name)
        if node is None:
            fault = "contains itself" if name in self._anchors else "has no `&…` above"
            hint = "; put text that begins with `*` in quotes"
            raise _Unusable(path, self._line(event), f"the alias `*…` here {fault}{hint}")
        return node

    def _fresh(self, event: yaml.Event, path: Path) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
        if getattr(event, "tag", None) is not None:
            self._complain(path, event, "YAML tags are not supported; remove the `!…`")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, path)
        return self._mapping(event, path)

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Node:
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self._complain(path, event, "YAML tags are not supported; remove the `!…`")
        if event.implicit[0] and not self._variables.occur_in(event.value):
            plain = _resolve(event.value)
            if not isinstance(plain, str):
                return Node(plain, self._line(event))
        filled = self._variables.fill(event.value)
        for fault in filled.faults:
            self._complain(path, event, f"{fault}{_provider_hint(path)}")
        return Node(filled.text, self._line(event), from_environment=filled.from_environment)

    def _sequence(self, event: yaml.Event, path: Path) -> Node:
        before = self._size
        items: list[Node] = []
        while not isinstance(following := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(following, (*path, len(items))))
        return Node(items, self._line(event), 1 + self._size - before)

    def _mapping(self, event: yaml.Event, path: Path) -> Node:
        before = self._size
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(start := next(self._events), yaml.MappingEndEvent):
            key = self._key(start, path)
            node = self._node(next(self._events), (*path, key))
            if key == "<<":
                self._merge(node, path, merged)
            elif key in entries:
                fault = f"this key is here twice; it is already on line {entries[key].line}"
                self._complain((*path, key), start, fault)
            else:
                entries[key] = structs.replace(node, line=self._line(start))
        return Node({**merged, **entries}, self._line(event), 1 + self._size - before)

    def _key(self, event: yaml.Event, path: Path) -> str:
        self._count(1, event, path)
        if not isinstance(event, yaml.ScalarEvent):
            raise _Unusable(path, self._line(event), "a key must be plain text")
        if self._variables.occur_in(event.value):
            fault = "a key cannot hold a `${…}`; is a space missing after a colon?"
            raise _Unusable(path, self._line(event), fault)
        return event.value

    def _merge(self, node: Node, path: Path, merged: dict[str, Node]) -> None:
        """Add what `<<: *a` or `<<: [*a, *b]` brings in; the earlier of a list wins."""
        for source in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(source.value, dict):
                raise _Unusable(path, node.line, "`<<` takes a mapping, or a list of mappings")
            for key, entry in source.value.items():
                merged.setdefault(key, entry)

    def _line(self, event: yaml.Event) -> int:
        """Where an event begins. The parser puts an empty value at the end beyond the last line."""
        return min(event.start_mark.line + 1, self._last_line) if event.start_mark else 1

    def _complain(self, path: Path, event: yaml.Event, message: str) -> None:
        self.problems.append(Problem(spell(path), message, self._line(event)))


def _resolve(text: str) -> Value:
    """An unquoted word as YAML 1.2 takes it (core schema, decimal and finite numbers only)."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _provider_hint(path: Path) -> str:
    if len(path) > 1 and path[0] == "providers":
        return f"; set it or remove the provider `{show(str(path[1]))}`"
    return ""


def _check_size(text: str, source: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ConfigError(source, (Problem("", "not valid Unicode text", line),)) from None
    if size > MAX_BYTES:
        raise ConfigError(source, (Problem("", f"larger than {MAX_BYTES // 1024} KiB"),))


def _syntax(error: yaml.YAMLError, text: str) -> Problem:
    """What the parser could not read. PyYAML's own words name structure, never content."""
    tab = _TAB.search(text)
    mark = getattr(error, "problem_mark", None)
    if tab and (mark is None or text.count("\n", 0, tab.start()) <= mark.line):
        return Problem(
            "", "indented with a tab; YAML wants spaces", text.count("\n", 0, tab.start()) + 1
        )
    if mark is None:
        position = text.find(chr(getattr(error, "character", 0)))
        line = text.count("\n", 0, max(0, position)) + 1
        return Problem("", "holds a control character", line)
    return Problem("", f"not valid YAML: {_story(error)}", min(mark.line + 1, _last_line(text)))


def _last_line(text: str) -> int:
    return max(1, len(text.splitlines()))


def _story(error: yaml.YAMLError) -> str:
    told = getattr(error, "problem", None) or "it cannot be read"
    begun = getattr(error, "context_mark", None)
    if begun is not None:
        told += f", {getattr(error, 'context', None)} that begins on line {begun.line + 1}"
    return f"{told}; check quotes, brackets and indentation"
