"""Prompts from a file: JSON Lines, each a list of chat messages, or an object with `messages` or `prompt`."""

import json
from collections.abc import Iterable
from typing import Any

from madang.errors import InvalidRequest

_MOST = 10_000


def read_prompts(lines: Iterable[str]) -> list[list[dict[str, Any]]]:
    """The conversations, in the order of the file. Raises InvalidRequest that names the line."""
    prompts = [_prompt(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not prompts:
        raise InvalidRequest("The file holds no prompt.")
    if len(prompts) > _MOST:
        raise InvalidRequest(f"The file holds more than {_MOST:,} prompts.")
    return prompts


def _prompt(line: str, number: int) -> list[dict[str, Any]]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"Line {number} is not JSON.") from error
    if isinstance(given, dict):
        given = given.get("messages", given.get("prompt"))
    if isinstance(given, str) and given.strip():
        return [{"role": "user", "content": given}]
    if isinstance(given, list) and given and all(map(_is_message, given)):
        return given
    raise InvalidRequest(
        f'Line {number} holds no prompt: write {{"messages": […]}} or {{"prompt": "…"}}.'
    )


def _is_message(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("role"), str)
