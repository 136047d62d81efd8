"""When a rule of a model holds."""

from collections.abc import Mapping
from typing import NamedTuple

from madang.config.sections.routes import When


class Facts(NamedTuple):
    """What a request shows to rules. `region` is that of this gateway (None: it is not said)."""

    tags: Mapping[str, str]
    priority: str
    region: str | None
    stream: bool
    tools: bool


def holds(when: When, facts: Facts) -> bool:
    """Whether everything that is said is true of a request."""
    return (
        all(facts.tags.get(name) == value for name, value in when.tag.items())
        and when.priority in (None, facts.priority)
        and when.region in (None, facts.region)
        and when.stream in (None, facts.stream)
        and when.tools in (None, facts.tools)
    )
