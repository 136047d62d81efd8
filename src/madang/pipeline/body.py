"""The body that a target is sent: the caller's own where that can be, else what has to be made of it.

Before anybody is asked it is found out what the target lacks and what its window holds. A request
that does not fit raises, so that the next target is tried; one that no target can take whole is
sent without what is lacking, where that is not to mislead (see `needs`) or the caller allows it.
Whatever is left out or changed is declared in `call.losses`.
"""

from msgspec.structs import replace

from madang.errors import ContextOverflow, InvalidRequest, UnsupportedFeature
from madang.model import Embed, Feature, Request, Target
from madang.pipeline.call import Call
from madang.pipeline.lane import Lane
from madang.pipeline.measure import FEWEST_BYTES, prompt_tokens
from madang.wire import chat
from madang.wire.bound import LEAST_TOKENS, room_for_thinking, set_bound
from madang.wire.contract import Rendered
from madang.wire.degrade import degrade
from madang.wire.needs import FEATURES, REFUSED, hard_losses, needs_of, words_for_loss

_MAX_LOSSES = 64
_NOTHING: frozenset[Feature] = frozenset()
_ROOM = 1.2
"""How much longer than estimated a prompt may be before a lowered bound is still too high."""

_CERTAIN = 2 / 3
"""So much of an estimate must exceed a window before it is certain that the prompt does."""

_BOUND = "max_tokens"
_THRIFTY = "cheapest_first"


def body_for(call: Call, lane: Lane) -> bytes:
    """The body for a target.

    Raises UnsupportedFeature or ContextOverflow where another target is to be asked first, and
    InvalidRequest for what cannot be translated.
    """
    without = _NOTHING
    is_relay = lane.wire is call.wire and call.seam is None
    if lane.target.lacks:
        screen = lane.own_screen if is_relay else lane.screen(call.wire.dialect)
        if screen.suspects(call.envelope.fields):
            without = _lacking(call, lane.target)
    bound = None
    asked = call.envelope.max_tokens or 0
    if len(call.body) // FEWEST_BYTES + asked > lane.room or asked > lane.longest:
        bound = _bound(call, lane.target, asked)
    if call.most_tokens is not None and not 0 < asked <= call.most_tokens:
        bound = call.most_tokens if bound is None else min(bound, call.most_tokens)
    is_translated = bool(without) or not is_relay
    body = _translated(call, lane, without, bound) if is_translated else _relayed(call, lane, bound)
    if call.is_thrifty:
        call.losses = (*call.losses, _THRIFTY)
    return body


def _relayed(call: Call, lane: Lane, bound: int | None) -> bytes:
    """The caller's own bytes, but for the model's name and perhaps the bound."""
    if call.losses:  # of another target
        call.losses = ()
    if call.conversation is not None:
        rendered = call.conversation.body_for(lane.target.provider, lane.target.model)
        body, call.losses = rendered.body, rendered.losses
    else:
        body = call.wire.retarget(call.body, call.envelope, lane.target.model)
    if bound is not None:
        call.losses = (*call.losses, _BOUND)
        body = set_bound(body, call.wire.dialect, bound, lane.provider.max_tokens_field)
    return body


def _translated(call: Call, lane: Lane, without: frozenset[Feature], bound: int | None) -> bytes:
    """The request as the target's dialect says it, without what is lacking."""
    request = read(call)
    lost: tuple[str, ...] = ()
    if without and isinstance(request, Request):
        request, lost = degrade(request, without)
    if bound is not None and isinstance(request, Request):
        least = min(bound, request.max_tokens or bound)
        request, lost = replace(request, max_tokens=least), (*lost, _BOUND)
    rendered: Rendered = lane.wire.write_request(request, lane.target.model)
    losses = rendered.losses
    if losses and isinstance(request, Request):
        _judge(call, lane.target, hard_losses(losses, request))
    if lost:
        losses = tuple(dict.fromkeys((*lost, *losses)))
    call.losses = losses[:_MAX_LOSSES]
    if lane.target.api == "chat" and lane.provider.max_tokens_field == "max_tokens":
        return chat.rename_max_tokens(rendered.body)
    return rendered.body


def _lacking(call: Call, target: Target) -> frozenset[Feature]:
    """What is to be left out for this target. Raises UnsupportedFeature where another is to be asked first."""
    request = readable(call)
    lacking = needs_of(request) & target.lacks if request is not None else _NOTHING
    if not lacking:
        return _NOTHING
    may_be_lost = call.may_lose or target.may_lose or not lacking & REFUSED
    if may_be_lost and call.is_last_resort:
        return target.lacks  # an emulation may itself need what is lacking
    feature = min(lacking & REFUSED or lacking)
    raise UnsupportedFeature(
        f"The model `{target.model}` at {target.provider} cannot {FEATURES[feature].words}, and no other"
        f" target of `{call.envelope.model}` can answer. Send the header x-madang-lossy: allow to"
        " have it left out.",
        param=feature,
        may_be_lost=may_be_lost,
    )


def _judge(call: Call, target: Target, hard: tuple[str, ...]) -> None:
    """Refuse a translation that loses what the request is about, unless that is allowed."""
    may_be_lost = call.may_lose or target.may_lose
    if hard and not (may_be_lost and call.is_last_resort):
        raise UnsupportedFeature(
            f"`{hard[0]}`: the model `{target.model}` at {target.provider} cannot be given"
            f" {words_for_loss(hard[0])}, and no other target of `{call.envelope.model}` can answer."
            " Send the header x-madang-lossy: allow to have it left out.",
            param=hard[0],
            may_be_lost=may_be_lost,
        )


def _bound(call: Call, target: Target, asked: int) -> int | None:
    """The bound to send in place of the caller's; None: the caller's own.

    Raises ContextOverflow where the prompt alone is certain to exceed the window.
    """
    most = asked if target.max_output is None else min(asked, target.max_output)
    window = target.context_window
    if window is not None and len(call.body) // FEWEST_BYTES + asked > window:
        tokens = prompt_tokens(call, target.model)
        if tokens * _CERTAIN > window:
            _confirm_overflow(call, target, window)
        most = min(most, max(LEAST_TOKENS, window - int(tokens * _ROOM)))
    if most >= asked:
        return None
    request = readable(call)
    return None if request is not None and room_for_thinking(request) > most else most


def _confirm_overflow(call: Call, target: Target, window: int) -> None:
    """Look closer before it is said that a prompt is too long: now its texts alone are counted."""
    readable(call)
    tokens = prompt_tokens(call, target.model)
    if tokens * _CERTAIN > window:
        raise ContextOverflow(
            f"This prompt has about {tokens:,} tokens, and `{target.model}` at {target.provider} holds"
            f" {window:,} at most. Shorten it, or name a model with a larger window.",
            code="context_length_exceeded",
        )


def readable(call: Call) -> Request | None:
    """What the caller asks; None where it is not to be understood, so that the provider has to judge it."""
    try:
        request = read(call)
    except InvalidRequest:
        return None
    return request if isinstance(request, Request) else None


def read(call: Call) -> Request | Embed:
    """All that the caller asks, in no particular dialect. Raises InvalidRequest."""
    if call.request is None:
        if call.conversation is not None:
            call.request = call.conversation.request()
        else:
            call.request = call.wire.read_request(call.body, call.path_model, call.path_stream)
    return call.request
