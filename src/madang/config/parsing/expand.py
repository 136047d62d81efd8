r"""`${NAME}` and `${NAME:-default}`: values from the environment, inside text values only.

One rule: what the environment says is only ever text. YAML never sees it, so quotes, newlines,
colons and `#` in it cannot change the structure of the file. `protect` replaces every `${…}` by a
plain word before YAML reads the file (this is also what lets `{api_key: ${KEY}}` stand in braces),
and `Variables.fill` puts the values into the finished texts.

As in a shell, trailing newlines of a value are dropped, and `:-` gives the default for a variable
that is unset or empty. `$$` is one dollar, so `$${NAME}` is the text `${NAME}`.
"""

import re
from collections.abc import Mapping
from hashlib import blake2s

from msgspec import Struct

_BRACES = r"\{[^}:'\"\n\r\x85\u2028\u2029]*(?::[^}\n\r\x85\u2028\u2029]*)?\}"
_TOKEN = re.compile(rf"\$\$(?:{_BRACES})?|\${_BRACES}")
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:(?!\$\{).)*))?\}")


class Filled(Struct, frozen=True):
    """A text with its variables filled in. `from_environment`: hide it in messages."""

    text: str
    from_environment: bool = False
    faults: tuple[str, ...] = ()


class Variables:
    """The `${…}` of one file, in order, and the environment they are read from."""

    def __init__(self, tokens: list[str], mark: str, environ: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._place = re.compile(f"{mark}([0-9]+)_")
        self._environ = environ

    def occur_in(self, text: str) -> bool:
        """Whether `text`, as YAML read it, holds a `${…}` or `$$`."""
        return self._place.search(text) is not None

    def fill(self, text: str) -> Filled:
        """The text with every variable replaced by its value."""
        faults: list[str] = []
        written = self._place.sub(" ", text)
        if "${" in written:
            faults.append("`${` is not closed by `}`; write `$${` for the characters themselves")
        filled = self._place.sub(lambda place: self._value(int(place[1]), faults), text)
        return Filled(filled, from_environment=written != text, faults=tuple(faults))

    def _value(self, index: int, faults: list[str]) -> str:
        token = self._tokens[index]
        if token.startswith("$$"):
            return token[1:]
        variable = _VARIABLE.fullmatch(token)
        if variable is None:
            faults.append(
                "a `${…}` here holds no variable name; write `${NAME}` or `${NAME:-default}`, "
                "or `$${` for the characters themselves"
            )
            return ""
        name, default = variable["name"], variable["default"]
        value = read(self._environ, name)
        if default is not None:
            return value or default
        if value is None:
            faults.append(f"the environment variable {name} is not set")
        return value or ""


def protect(text: str, environ: Mapping[str, str]) -> tuple[str, Variables]:
    """The text with each `${…}` and `$$` replaced by a plain word, and what the words stand for.

    Lines stay where they are. The word holds a digest of the whole text, which no text can contain,
    so nothing that the file says otherwise is ever taken for one.
    """
    mark = f"v{blake2s(text.encode(), digest_size=8).hexdigest()}_"
    tokens: list[str] = []

    def place(token: re.Match[str]) -> str:
        tokens.append(token[0])
        return f"{mark}{len(tokens) - 1}_"

    return _TOKEN.sub(place, text), Variables(tokens, mark, environ)


def read(environ: Mapping[str, str], name: str) -> str | None:
    """A variable without trailing newlines, as `$(…)` in a shell has it; None when not set."""
    value = environ.get(name)
    return None if value is None else value.rstrip("\r\n")
