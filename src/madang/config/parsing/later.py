"""What the file's format has room for and this version does not do yet.

Refused by name, so that nobody believes in a budget or a canary that nothing enforces. A version
that brings one of them takes its row away.
"""

from msgspec import Struct

from madang.config.problems import Path


class Later(Struct, frozen=True):
    """A setting of a later version. `*` in `path`: any key; `value`: only texts that begin so."""

    path: Path
    remedy: str
    value: str = ""


_REMOVE = "remove the section"

LATER = (
    Later(("store",), "write `sqlite`, or remove the line", "postgres"),
    Later(("shared",), "write `memory`, or remove the line", "redis"),
)


def refusal(path: Path, value: object) -> str | None:
    """Why the setting at `path` cannot be used yet; None when it is not of a later version."""
    for row in LATER:
        if _leads_to(row.path, path) and _begins(value, row.value):
            setting = f"{path[-1]}: {row.value}" if row.value else f"{path[-1]}"
            return f"`{setting}` is not in this version of Madang yet; {row.remedy}"
    return None


def _leads_to(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        step in ("*", key) for step, key in zip(pattern, path, strict=True)
    )


def _begins(value: object, start: str) -> bool:
    return not start or (isinstance(value, str) and value.startswith(start))
