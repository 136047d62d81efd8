"""What OpenAI's clips, sounds and pictures have in common on the wire."""

from typing import Any, Final

from madang.wire import json
from madang.wire.media.contract import Incoming
from madang.wire.openai_errors import read_error

JSON: Final = {"content-type": "application/json"}


def checked(answer: Incoming) -> Incoming:
    """An answer that is no refusal. Raises the ProviderError that it is otherwise."""
    if answer.status >= 400:
        headers = {
            name.encode(): value.encode("latin-1", "replace")
            for name, value in answer.headers.items()
        }
        raise read_error(answer.status, headers, answer.body)
    return answer


def milliseconds(seconds: object) -> int | None:
    """Seconds as a provider says them, in milliseconds; None: that is no length."""
    try:
        made = round(float(str(seconds)) * 1000)
    except (ValueError, OverflowError):
        return None
    return made if 0 < made < 86_400_000 else None


def plain(value: Any) -> str:  # noqa: ANN401 - a JSON value
    """A value as a field of a form has it."""
    return value if isinstance(value, str) else json.text(value)
