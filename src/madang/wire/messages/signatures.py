"""Thinking of other providers, carried through an Anthropic client and back.

A Messages client returns `signature` and `data` untouched. Foreign thinking therefore travels with a
mark in them that says whose it is: its signature comes home to its own provider, and Anthropic never
sees a signature that it did not make. Gemini also signs tool calls, for which this dialect has no place:
such a signature travels as a redacted thinking block that names the call.
"""

from typing import Final, get_args

from madang.model import Dialect, Json, Thinking

MARK: Final = "~madang~"
"""How a foreign signature begins. `~` is rare, so that a body without it is told at once."""

_ORIGINS: dict[str, Dialect] = {name: name for name in get_args(Dialect)}


def seal(thinking: Thinking) -> str:
    """Return what to write as `signature` or `data` for this thinking; empty where there is nothing."""
    if thinking.origin == "messages":
        return thinking.signature or ""
    item = (thinking.id or "").replace(":", "")
    return f"{MARK}{thinking.origin or ''}:{item}:{thinking.signature or ''}"


def unseal(text: str, signature: str | None, *, redacted: bool = False) -> Thinking:
    """Return the thinking that a client sent back with `signature`, under its true origin."""
    if not signature:
        return Thinking(text=text, redacted=redacted)
    if not signature.startswith(MARK):
        return Thinking(text=text, signature=signature, redacted=redacted, origin="messages")
    origin, _, rest = signature.removeprefix(MARK).partition(":")
    item, _, foreign = rest.partition(":")
    return Thinking(
        text=text,
        signature=foreign or None,
        redacted=redacted,
        id=item or None,
        origin=_ORIGINS.get(origin),
    )


def without_foreign(turns: list[Json]) -> list[Json]:
    """Return raw turns without the thinking that another provider did; a turn left empty goes too."""
    kept = [_own_blocks(turn) for turn in turns]
    return [turn for turn in kept if not isinstance(turn, dict) or turn.get("content") != []]


def _own_blocks(turn: Json) -> Json:
    content = turn.get("content") if isinstance(turn, dict) else None
    if not isinstance(content, list):
        return turn
    return {**turn, "content": [block for block in content if not _is_foreign(block)]}


def _is_foreign(block: Json) -> bool:
    if not isinstance(block, dict) or block.get("type") not in {"thinking", "redacted_thinking"}:
        return False
    sealed = block.get("signature", block.get("data"))
    return isinstance(sealed, str) and sealed.startswith(MARK)
