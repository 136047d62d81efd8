"""Callers who let a broken stream go on, and providers whose streams break."""

import asyncio
import contextlib
import sqlite3
from typing import NamedTuple

import anthropic
import openai
import server_answers as answers
from google.genai import errors, types
from server_callers import ASK, Said, openai_at

ALLOW = {"x-madang-continue": "allow"}
BEFORE = ["Once upon a time ", "there was a king, 왕, ", "who had nei"]
AFTER = ["ther sword", " nor crown."]
WHOLE = "".join(BEFORE + AFTER)
SEAM = len("".join(BEFORE))
OWN = {"chat": "oa", "messages": "an", "gemini": "ge", "responses": "oa"}
OTHER = {"oa": "an", "an": "ge", "ge": "oa"}
ERRORS = {
    "openai": b'data: {"error": {"message": "busy", "type": "server_error", "code": null}}\n\n',
    "anthropic": b"event: error\ndata: "
    b'{"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}\n\n',
    "gemini": b'data: {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}\r\n\r\n',
}
FAILURES = (openai.APIError, anthropic.APIError, errors.APIError, RuntimeError)
CALL = ("call_1", "weather", {"city": "Seoul"})


async def cut(visit):
    visit.close()


async def stall(visit):
    await visit.gone()


async def reset(visit):
    visit.reset()


async def malformed(visit):
    await visit.send(answers.chunk(b'data: {"choices": [{"del\n\n'))


async def error_event(visit):
    await visit.send(answers.chunk(ERRORS[visit.asked.kind]))


async def no_end(visit):
    await visit.send(answers.LAST_CHUNK)


FAULTS = [cut, stall, reset, malformed, error_event, no_end]


def breaks_by(fault, *texts, **said):
    """A provider that begins its answer and then fails."""

    async def script(visit):
        if said:
            begun = answers.events(visit.asked.kind, model=visit.asked.model, texts=texts, **said)
            late = {"openai": -3, "anthropic": -3, "gemini": len(begun)}[visit.asked.kind]
            begun = [event.replace(b', "finishReason": "STOP"', b"") for event in begun[:late]]
            await visit.send(answers.sse_head(), *map(answers.chunk, begun))
        else:
            await visit.begin(*texts)
        await asyncio.sleep(0.03)
        await fault(visit)

    return script


def says(*texts, **said):
    """A provider that answers well."""

    async def script(visit):
        await visit.answer(texts=texts, **said)

    return script


class Pair(NamedTuple):
    """A model of two targets, each with a script of its own. The third is only asked for `thrice`."""

    model: str
    second: str
    third: str


def targets(first, number):
    """Three targets of different kinds, the first of which is not waited for long."""
    second = OTHER[first]
    third = OTHER[second]
    names = [f"{first}/1st-{first}-{number}", f"{second}/2nd-{first}-{number}"]
    return [f"hasty-{names[0]}", names[1], f"{third}/3rd-{first}-{number}"]


def ask(url, key, dialect, model, headers=ALLOW, **more):
    """Ask for a stream with the dialect's official SDK."""
    if dialect == "gemini":
        options = types.HttpOptions(headers=headers)
        config = types.GenerateContentConfig(http_options=options, **more)
        return ASK[dialect](url, key, model, stream=True, config=config)
    if dialect != "responses":
        return ASK[dialect](url, key, model, stream=True, extra_headers=headers, **more)
    with openai_at(url, key) as client:
        opened = client.responses.stream(model=model, input="hi", extra_headers=headers, **more)
        with opened as stream:
            pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
            answer = stream.get_final_response()
    assert "".join(pieces) == answer.output_text
    usage = answer.usage
    tokens = (usage.input_tokens, usage.output_tokens)
    return Said(answer.output_text, [], answer.status, tokens)


def story(gateway):
    """What the ledger tells of the latest request."""
    gateway.call("GET", "/v1/usage/current-month")
    with contextlib.closing(
        sqlite3.connect(f"file:{gateway.home}/madang.db?mode=ro", uri=True)
    ) as db:
        ((latest,),) = db.execute("SELECT request_id FROM attempts ORDER BY seq DESC LIMIT 1")
    return gateway.story(latest)


def attempts(gateway):
    """Its attempts, in order."""
    return story(gateway)["attempts"]


def told(gateway, name):
    """The same, of each attempt one fact."""
    return [attempt[name] for attempt in attempts(gateway)]
