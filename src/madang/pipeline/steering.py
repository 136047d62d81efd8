"""What a caller says of the way its request is to take: the task, what matters most, and the session it belongs to."""

from collections.abc import Mapping
from typing import Final, cast

import msgspec
from msgspec.structs import replace

from madang.config.sections.routes import TASK_PREFIX
from madang.errors import InvalidRequest
from madang.pipeline.call import Call, Steer
from madang.routing.preferences import Preference

_TASK: Final = b"x-madang-task"
_PREFER: Final = b"x-madang-prefer"
_SESSION: Final = b"x-madang-session"
_PREFERENCES: Final = (b"quality", b"speed", b"cost")
_MOST_TASK: Final = 64
_MOST_SESSION: Final = 256
_SESSION_MEMBERS: Final = ("prompt_cache_key", "user")
_ANY_SESSION: Final = frozenset(_SESSION_MEMBERS)

_text = msgspec.json.Decoder(str | None)
_any_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def steer(call: Call, headers: Mapping[bytes, bytes]) -> None:
    """Take up what the headers of a call say. Raises InvalidRequest.

    A task takes the place of the model that the body names.
    """
    task = headers.get(_TASK)
    if task is not None:
        if not task or len(task) > _MOST_TASK or not task.isascii():
            raise InvalidRequest("x-madang-task is the name of a task.", code="invalid_task")
        name = task.decode().removeprefix(TASK_PREFIX)
        call.envelope = replace(call.envelope, model=TASK_PREFIX + name)
    prefer, session = headers.get(_PREFER), headers.get(_SESSION)
    if prefer is None and session is None:
        return
    if prefer is not None and prefer not in _PREFERENCES:
        raise InvalidRequest("x-madang-prefer is one of quality, speed and cost.")
    if session is not None and not 0 < len(session) <= _MOST_SESSION:
        raise InvalidRequest(f"x-madang-session has 1 to {_MOST_SESSION} characters.")
    call.steer = Steer(
        cast("Preference", prefer.decode()) if prefer is not None else None,
        session.decode("utf-8", "replace") if session is not None else None,
    )


def tag_task(call: Call) -> None:
    """The task that a call's model names is its tag `task` as well, unless the key has one of its own."""
    if "task" not in call.key.tags:
        call.tags = {**call.tags, "task": call.envelope.model.removeprefix(TASK_PREFIX)}


def told_session(call: Call) -> str | None:
    """The session that a body names by the means of its dialect; None: it names none."""
    fields = call.envelope.fields
    if call.wire.dialect == "messages":
        fields = _members(fields.get("metadata"))
        return _read(fields.get("user_id"))
    if _ANY_SESSION.isdisjoint(fields):
        return None
    return next((found for name in _SESSION_MEMBERS if (found := _read(fields.get(name)))), None)


def _members(raw: bytes | None) -> dict[str, bytes]:
    try:
        return {name: bytes(value) for name, value in _any_object.decode(raw or b"{}").items()}
    except msgspec.DecodeError:  # the provider will judge it
        return {}


def _read(raw: bytes | None) -> str | None:
    try:
        return _text.decode(raw) if raw is not None else None
    except msgspec.DecodeError:  # the provider will judge it
        return None
