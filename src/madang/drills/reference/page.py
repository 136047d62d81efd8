"""The report of the reference results, as Markdown."""

from collections.abc import Iterator, Sequence

from madang.drills.reference.parts import Part

_HEAD = """\
# Reference results

Published claims of the kind of system that Madang is, reproduced on simulated providers, over sockets,
through a gateway process. They are targets and no facts: what comes out depends on what is assumed, and
what does not reproduce says so. Repeat it with `make reference`."""


def page(parts: Sequence[Part], facts: str) -> str:
    """The report. `facts` say when and where it was measured."""
    return "\n".join(_lines(parts, facts)) + "\n"


def section(part: Part) -> str:
    """One measurement, to be added to a report."""
    return "\n".join(_of_part(part)) + "\n"


def _lines(parts: Sequence[Part], facts: str) -> Iterator[str]:
    yield _HEAD
    yield ""
    yield facts
    for part in parts:
        yield from _of_part(part)


def _of_part(part: Part) -> Iterator[str]:
    yield from ("", f"## {part.title}", "", part.assumed, "")
    yield "| what | claim | measured | reproduces |"
    yield "|---|---:|---:|---|"
    for line in part.lines:
        verdict = "yes" if line.holds else "**no**"
        yield f"| {line.what} | {line.claim} | {line.measured} | {verdict} |"
    if part.remark:
        yield from ("", part.remark)
