"""Plain values as YAML that Madang reads back as the same values."""

import re
from decimal import Decimal
from typing import Any

import yaml

_PLAIN = re.compile(r"(\$\{)?[A-Za-z][A-Za-z0-9_./:{}$-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


class _Dumper(yaml.SafeDumper):
    """Texts in quotes unless they are words, prices without exponents, no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - PyYAML's signature
        """Repeat a value rather than point to it."""
        return True

    def represent_data(self, data: Any) -> yaml.Node:  # noqa: ANN401 - PyYAML's signature
        """A node for a value."""
        if isinstance(data, Decimal):
            return _figure(data)
        if isinstance(data, str):
            is_word = _PLAIN.fullmatch(data) and data.lower() not in _WORDS
            style = None if is_word and not data.endswith(":") else '"'
            return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return super().represent_data(data)


def write(settings: dict[str, Any]) -> str:
    """The text of a configuration; sections that are empty are left out."""
    given = {name: section for name, section in settings.items() if section or section == 0}
    if not given:
        return ""
    text: str = yaml.dump(
        given, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000, indent=2
    )
    return text


def literal(text: str) -> str:
    """A text in which nothing is a variable, however it looks."""
    return text.replace("$", "$$")


def _figure(number: Decimal) -> yaml.Node:
    """A number where a reader with floats finds the same, else the digits as text."""
    digits = format(number.normalize(), "f")
    if Decimal(repr(float(number))) == number:
        kind = "float" if "." in digits else "int"
        return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", digits)
    return yaml.ScalarNode("tag:yaml.org,2002:str", digits, style='"')
