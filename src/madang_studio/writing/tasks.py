"""Which task of the gateway each step of writing asks for; its routing says which models those are."""

from collections.abc import Mapping
from typing import Final

TASKS: Final[Mapping[str, str]] = {
    "draft": "task:script",
    "dialogue": "task:dialogue",
    "polish": "task:polish",
    "translation": "task:translate",
}
