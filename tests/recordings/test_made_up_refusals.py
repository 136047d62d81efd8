"""Refusals that were hardly ever recorded, made up for every provider: the judge says what callers should see."""

import asyncio
import itertools
import json

import pytest
from recordings_asking import ask, question
from recordings_stage import in_slots
from recordings_traffic import DIALECTS

from stand.traffic import APIS, needs_recordings, score

pytestmark = [pytest.mark.recordings, needs_recordings]

TYPES = {
    400: ("invalid_request_error", "INVALID_ARGUMENT"),
    401: ("authentication_error", "UNAUTHENTICATED"),
    403: ("permission_error", "PERMISSION_DENIED"),
    404: ("not_found_error", "NOT_FOUND"),
    413: ("request_too_large", "INVALID_ARGUMENT"),
    422: ("invalid_request_error", "INVALID_ARGUMENT"),
    429: ("rate_limit_error", "RESOURCE_EXHAUSTED"),
    500: ("api_error", "INTERNAL"),
    502: ("api_error", "INTERNAL"),
    503: ("overloaded_error", "UNAVAILABLE"),
    504: ("timeout_error", "DEADLINE_EXCEEDED"),
    529: ("overloaded_error", "UNAVAILABLE"),
}
"""Statuses, and the words that Anthropic and OpenAI, and Google, have for them."""


def refusal(dialect, status):
    word, google = TYPES[status]
    shapes = {
        "messages": {"type": "error", "error": {"type": word, "message": "so it is"}},
        "gemini": {"error": {"code": status, "message": "so it is", "status": google}},
    }
    openai = {"error": {"message": "so it is", "type": word, "param": None, "code": None}}
    response = {
        "status": status,
        "headers": {"content-type": "application/json", "retry-after": "7"},
        "body": json.dumps(shapes.get(dialect, openai)),
    }
    return {"api": APIS[dialect], "response": response}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_refusal_keeps_its_meaning_in_every_dialect(upstream, gateway, stream):
    cases = list(itertools.product(TYPES, DIALECTS, DIALECTS))

    async def play():
        async with gateway.client() as http:

            async def one(slot, case):
                status, dialect, client = case
                upstream.server.load(refusal(dialect, status), key=f"s{slot}")
                model = f"{dialect}{slot}/refusing-{status}"
                got = await ask(http, question(client, model, stream=stream))
                return case, got

            return await in_slots(cases, one)

    for (status, dialect, client), got in asyncio.run(play()):
        want = score().native_view(refusal(dialect, status))
        found = score().compare_responses(want, got.view(client), APIS[client])
        place = (status, dialect, client, got)
        assert [one for one in found if one.severity == "must"] == [], place
        if status in (401, 403):
            assert got.status == 502, place
            assert b"so it is" not in got.body, place
        elif status == 529:
            assert got.status == (529 if client == "messages" else 503), place
