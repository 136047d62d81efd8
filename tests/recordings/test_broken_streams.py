"""Streams that break, through the gateway over HTTP: no caller may take them for finished, and all are billed."""

import asyncio
import re
from collections import Counter

import pytest
from recordings_asking import ask, question
from recordings_breaking import CUTS, OTHERS, broken_streams
from recordings_sdks import BROKEN, sdks, viewed
from recordings_stage import Gateway, in_slots
from recordings_traffic import ALL, DIALECTS

from stand.traffic import needs_recordings, score

pytestmark = [pytest.mark.recordings, needs_recordings]

HASTE = {"first_byte_s": 5, "first_token_s": 5, "idle_s": 1, "total_s": 30}
_FAILED = {"error", "response.failed"}


@pytest.fixture(scope="module")
def hasty(upstream, tmp_path_factory):
    """A gateway that does not wait long for a silent provider."""
    home = tmp_path_factory.mktemp("hasty")
    with Gateway(home, upstream.port, timeouts=HASTE) as running:
        yield running


def cases():
    """Broken streams, each with a dialect to ask in."""
    broken = [
        *broken_streams(CUTS, 600 if ALL else 48, 1),
        *broken_streams(OTHERS, 400 if ALL else 40, 2),
    ]
    return [(case, DIALECTS[number % len(DIALECTS)]) for number, case in enumerate(broken)]


@pytest.fixture(scope="module")
def outcomes(upstream, hasty):
    """Broken stream, client, what the caller got, and the rows of the ledger."""

    async def play():
        async with hasty.client() as http:

            async def one(slot, what):
                broken, client = what
                upstream.server.load(broken.norm, key=f"s{slot}", **broken.play)
                asked = question(client, f"{broken.recording.dialect}{slot}/m", stream=True)
                got = await asyncio.wait_for(ask(http, asked), 20)
                story = await http.get(f"/v1/requests/{got.request_id}")
                return broken, client, got, story.json()["attempts"]

            return await in_slots(cases(), one)

    return asyncio.run(play())


def _errors(got):
    """The places of the error events of a stream, and how many events there are."""
    events = [value for _, value in score().sse_json(got.body)]
    found = [
        place
        for place, value in enumerate(events)
        if value.get("type") in _FAILED or (value.get("error") and "type" not in value)
    ]
    return found, len(events)


def test_a_broken_stream_never_looks_finished(outcomes, tell):
    """It ends in exactly one error event, and that is its last; unless it broke after its end."""
    ended = Counter()
    for broken, client, got, _ in outcomes:
        place = (broken.recording.name, client, broken.way, got)
        if got.status != 200:
            assert got.status >= 500, place
            ended["refused", broken.way] += 1
            continue
        view = got.view(client)
        errors, count = _errors(got)
        if view["error"]:
            assert errors == [count - 1], place
            ended["an error event", broken.way] += 1
        else:
            assert broken.is_finished, place
            assert view["complete"], place
            assert broken.way in ("reset", "closed", "stopless", "stalled"), place
            ended["finished before", broken.way] += 1
    for (how, way), number in sorted(ended.items()):
        tell(f"streams {way}: {number} ended in {how}")


def test_every_broken_stream_is_billed_by_an_estimate(outcomes):
    for broken, client, got, attempts in outcomes:
        [row] = attempts
        place = (broken.recording.name, client, broken.way, row)
        if got.status != 200:
            assert row["outcome"] == "failed", place
            continue
        view = got.view(client)
        if not view["error"]:
            assert row["outcome"] == "ok", place
            continue
        assert row["outcome"] == "cut", place
        assert row["estimated"], place
        assert row["cause"], place
        assert row["input_tokens"] > 0, place
        if view["text"] or view["thinking"]:
            assert row["output_tokens"] > 0, place


def test_what_came_before_the_break_reached_the_caller(outcomes):
    """No more than the provider sent, and no less than its whole events say."""
    for broken, client, got, _ in outcomes:
        if got.status == 200:
            said = got.view(client)["text"]
            sent = re.sub(r"\s", "", score().native_view(broken.recording.norm)["text"])
            assert sent.startswith(re.sub(r"\s", "", said)), (broken.recording.name, client)


def test_the_sdks_never_see_a_finished_answer(upstream, hasty):
    broken = broken_streams((*CUTS, *OTHERS), 300 if ALL else 40, 3)
    asked = [(case, DIALECTS[number % len(DIALECTS)]) for number, case in enumerate(broken)]

    async def play():
        async with sdks(hasty.url, strict=False) as clients:

            async def one(slot, what):
                case, client = what
                upstream.server.load(case.norm, key=f"s{slot}", **case.play)
                try:
                    said = await clients[client](f"{case.recording.dialect}{slot}/m", True)
                except BROKEN:
                    return
                view = viewed(client, said, stream=True)
                assert view["complete"], (case.recording.name, client, case.way)
                assert case.is_finished, (case.recording.name, client, case.way)

            await in_slots(asked, one)

    asyncio.run(play())
