"""What begins and ends a relayed message, made whole where it would stop a client library.

Anthropic's own SDK builds its answer on `message_start`, and takes stop and output tokens from every
`message_delta` over the ones before. Servers that only speak like Anthropic leave out what they have
nothing to say about: then the SDK raises, or forgets why the message ended.
"""

from typing import Any

from madang.model import Json

_MESSAGE = {"type": "message", "role": "assistant", "stop_reason": None, "stop_sequence": None}
_BEGIN = {"input_tokens": 0, "output_tokens": 0}


def mend_start(event: dict[str, Any]) -> bool:
    """Give a `message_start` its content and its usage, in place; tell whether one was missing."""
    message = event.get("message")
    if not isinstance(message, dict):
        return False
    content, usage = message.get("content"), _figures(message, _BEGIN)
    if isinstance(content, list) and usage is message.get("usage"):
        return False
    content = content if isinstance(content, list) else []
    event["message"] = {**_MESSAGE, **message, "content": content, "usage": usage}
    return True


def mend_delta(event: dict[str, Any], stop: str | None, output_tokens: int) -> bool:
    """Give a `message_delta` its usage and its stop, in place; tell whether one was missing.

    `stop` and `output_tokens` are what was known before it.
    """
    delta, usage = event.get("delta"), _figures(event, {"output_tokens": output_tokens})
    members = delta if isinstance(delta, dict) else {}
    is_stopped = stop is None or bool(members.get("stop_reason"))
    if members is delta and is_stopped and usage is event.get("usage"):
        return False
    event["delta"] = members if is_stopped else {**members, "stop_reason": stop}
    event["usage"] = usage
    return True


def _figures(holder: dict[str, Any], least: dict[str, int]) -> Json:
    """The usage of a message or a delta: its own where it has the figures that there must be at least."""
    usage = holder.get("usage")
    given = usage if isinstance(usage, dict) else {}
    if usage is given and all(isinstance(given.get(name), int) for name in least):
        return usage
    return {
        **given,
        **{name: n for name, n in least.items() if not isinstance(given.get(name), int)},
    }
