"""Asking targets what they can do: a few tiny, real requests to each, only when somebody asks for it.

One rule: what is found out is told beside what the catalogue and the configuration say, and
changes neither. A refusal of the request itself is a No; any other failure tells nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from madang.config.sections.providers import Timeouts
from madang.drills.doctor.finding import Finding
from madang.errors import ContextOverflow, ProviderError, ProviderRejected
from madang.ledger.prices import worst_nusd
from madang.model import (
    Answer,
    Feature,
    Format,
    Image,
    Media,
    Message,
    Part,
    Request,
    Target,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    Usage,
    UsageSeen,
)
from madang.pipeline.lane import Lane, Snapshot
from madang.pipeline.settle import redact
from madang.upstream.transport import Outgoing, Transport
from madang.wire import chat, json
from madang.wire.needs import hard_losses
from madang.wire.prompt import estimate_request

Verdict = Literal["yes", "accepted", "no", "unknown"]
"""yes: it did it. accepted: it answered, but did not do it this time. no: it refused. unknown: it failed otherwise."""

MOST_TARGETS = 50
PATIENCE = Timeouts(connect_s=5, first_byte_s=60, first_token_s=60, idle_s=30, total_s=90)
_ANSWER_TOKENS = 256
"""Enough for a model that thinks before a single word."""

_RED_SQUARE = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w"
    "/SM9AAAAAElFTkSuQmCC"
)
_SCHEMA: Final = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}


class Question(NamedTuple):
    """One probe: what it is about (a `Feature` where it is one), what is asked, and whether an answer shows it."""

    about: str
    request: Request
    shown: Callable[[Answer], bool]


def _asked(*parts: Part) -> Request:
    turns = (Message("user", parts),)
    return Request(dialect="chat", model="", messages=turns, max_tokens=_ANSWER_TOKENS)


def _texts(answer: Answer) -> str:
    parts = [part for choice in answer.choices for part in choice.parts]
    return "".join(part.text for part in parts if isinstance(part, Text))


def _calls(answer: Answer) -> bool:
    return any(isinstance(part, ToolCall) for choice in answer.choices for part in choice.parts)


def _keeps_to_schema(answer: Answer) -> bool:
    try:
        value = json.decode(_texts(answer))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("ok"), bool)


def questions() -> tuple[Question, ...]:
    """What every target is asked, in this order."""
    hello = _asked(Text("Say ok."))
    tool = Tool("report", description="Reports that all is well.", schema=_SCHEMA)
    called = replace(_asked(Text("Report.")), tools=(tool,), tool_choice=ToolChoice("required"))
    schema = Format("json_schema", schema=_SCHEMA, name="report", strict=True)
    picture = Image(Media(mime="image/png", data=_RED_SQUARE))
    return (
        Question("text", hello, lambda answer: bool(answer.choices)),
        Question("tools", called, _calls),
        Question("images", _asked(Text("Which colour is this? One word."), picture), _is_answered),
        Question("json_schema", replace(_asked(Text("Report.")), format=schema), _keeps_to_schema),
        Question(
            "stream_usage",
            replace(hello, stream=True, include_usage=True),
            lambda answer: answer.usage is not None and answer.usage.output > 0,
        ),
    )


def _is_answered(answer: Answer) -> bool:
    """An answer to a question about a picture: a model that sees none is refused by its provider."""
    return bool(answer.choices)


class Probed(Struct, frozen=True, kw_only=True):
    """What one target did. `said` has the provider's words where it refused or failed."""

    target: str
    verdicts: dict[str, Verdict]
    said: dict[str, str]
    contradictions: tuple[str, ...] = ()


def targets_of(snapshot: Snapshot, names: Iterable[str]) -> list[Target]:
    """The targets behind these names, each once. Raises UnknownModel or InvalidRequest."""
    found: dict[tuple[str, str], Target] = {}
    for name in names:
        for target in snapshot.directory.resolve(name, "chat").every_target():
            found.setdefault((target.provider, target.model), target)
    return list(found.values())


def most_it_costs(snapshot: Snapshot, targets: Iterable[Target], at_us: int) -> tuple[int, int]:
    """(nano-dollars, targets whose price is not known): what probing can cost at the most, at list prices."""
    total = unpriced = 0
    for target in targets:
        price = snapshot.price(snapshot.lane(target), at_us)
        if price is None:
            unpriced += 1
            continue
        for question in questions():
            prompt = 2 * estimate_request(question.request, target.model)
            total += worst_nusd(price, Usage(input=prompt, output=_ANSWER_TOKENS)) or 0
    return total, unpriced


async def probe(
    snapshot: Snapshot, targets: Iterable[Target], environ: Mapping[str, str]
) -> list[Probed]:
    """Ask every target every question; targets at the same time, questions one after another."""
    transport = Transport(environ=environ)
    try:
        return list(
            await asyncio.gather(
                *(_probe(transport, snapshot, snapshot.lane(target)) for target in targets)
            )
        )
    finally:
        await transport.close()


async def _probe(transport: Transport, snapshot: Snapshot, lane: Lane) -> Probed:
    verdicts: dict[str, Verdict] = {}
    said: dict[str, str] = {}
    for question in questions():
        try:
            answer = await _ask(transport, lane, question.request)
            verdicts[question.about] = "yes" if question.shown(answer) else "accepted"
        except ProviderError as error:
            redact(error, lane)
            refused = isinstance(error, ProviderRejected) and not isinstance(error, ContextOverflow)
            verdicts[question.about] = "no" if refused else "unknown"
            said[question.about] = error.message
            if question.about == "text":
                break
    target = lane.target
    return Probed(
        target=f"{target.provider}/{target.model}",
        verdicts=verdicts,
        said=said,
        contradictions=tuple(_contradictions(snapshot, target, verdicts)),
    )


async def _ask(transport: Transport, lane: Lane, request: Request) -> Answer:
    """One request in the target's dialect. Raises ProviderError."""
    rendered = lane.wire.write_request(request, lane.target.model)
    lost = hard_losses(rendered.losses, request)
    if lost:
        raise ProviderRejected(f"its wire format has no words for {lost[0]}")
    body = rendered.body
    if lane.target.api == "chat" and lane.provider.max_tokens_field == "max_tokens":
        body = chat.rename_max_tokens(body)
    path = lane.stream_path if request.stream else lane.plain_path
    head = lane.provider.head(lane.target.api, path)
    outgoing = Outgoing(lane.provider.origin, head, body, PATIENCE, request.stream)
    incoming = await transport.send(outgoing)
    try:
        if incoming.status >= 400:
            answer = await incoming.read()
            raise lane.wire.read_error(incoming.status, incoming.headers, answer)
        if not request.stream:
            whole: Answer = lane.wire.read_answer(await incoming.read())
            return whole
        reader = lane.wire.stream_reader()
        events = []
        while piece := await incoming.next():
            events += reader.feed(piece)
        events += reader.close()
    finally:
        incoming.close()
    usages = [event.usage for event in events if isinstance(event, UsageSeen)]
    return Answer(model=lane.target.model, choices=(), usage=usages[-1] if usages else None)


def _contradictions(
    snapshot: Snapshot, target: Target, verdicts: Mapping[str, Verdict]
) -> Iterable[str]:
    """Features of which something else is known than was found out."""
    row = snapshot.catalog.models.get(target.canonical or "")
    known: set[Feature] = set(row.features if row else ()) - target.lacks
    for about, verdict in verdicts.items():
        if verdict == "yes" and about in target.lacks:
            yield f"{about}: true"
        elif verdict == "no" and about in known:
            yield f"{about}: false"


def told(probed: Probed) -> Finding:
    """What was found out about a target, as a finding."""
    words = ", ".join(f"{about} {verdict}" for about, verdict in probed.verdicts.items())
    said = "".join(f"; {about}: {text[:200]}" for about, text in probed.said.items())
    if probed.contradictions:
        advice = f"Write `features: {{{', '.join(probed.contradictions)}}}` under its model, or correct the catalogue."
        return Finding(
            what=f"probe {probed.target}", state="warning", detail=words + said, advice=advice
        )
    if probed.verdicts.get("text") not in ("yes", "accepted"):
        return Finding(
            what=f"probe {probed.target}",
            state="broken",
            detail=f"it does not answer{said}",
            advice="Nothing else was asked. See what its provider's finding says.",
        )
    return Finding(what=f"probe {probed.target}", state="ok", detail=words + said)
