"""What callers really asked, through the gateway over HTTP, as the provider receives it."""

import asyncio
import itertools
import json
from collections import Counter
from typing import Any, NamedTuple

import pytest
from recordings_asking import ask, question, request_case
from recordings_remainders import REQUESTS, accepted
from recordings_stage import in_slots
from recordings_traffic import ALL, DIALECTS, Recording, recordings, sampled

from stand.traffic import needs_recordings, score

pytestmark = [pytest.mark.recordings, needs_recordings]

UNHEARD_OF = "newcomer-2099"


class Arrival(NamedTuple):
    """A recorded request asked by a caller of some dialect, and what arrived at the provider."""

    recording: Recording
    client: str
    known: bool
    case: dict[str, Any]
    path: str
    body: Any

    @property
    def pair(self) -> str:
        return f"{self.client} to {self.recording.dialect}"

    @property
    def differences(self) -> list[Any]:
        """Those that must not be."""
        got = score().request_view(self.recording.norm["api"], self.body, self.path)
        found = score().compare_requests(self.case["want"], got, self.case["ignore"])
        return [difference for difference in found if difference.severity == "must"]


@pytest.fixture(scope="module")
def arrivals(upstream, gateway):
    """Every request in every dialect that can say it, for the recorded model and for one that nobody knows."""
    valid = [recording for recording in recordings() if recording.status == 200]
    chosen = itertools.product(sampled(valid, 9, 2), DIALECTS)
    cases = [(r, client, case) for r, client in chosen if (case := request_case(r, client))]
    both = [(*case, known) for case in cases for known in (True, False)]

    async def play():
        async with gateway.client() as http:

            async def one(slot, what):
                recording, client, case, known = what
                upstream.server.load(recording.norm, pace="whole", key=f"s{slot}")
                name = recording.model if known else UNHEARD_OF
                model = f"{recording.dialect}{slot}/{name}"
                stream = case["want"]["stream"]
                got = await ask(http, question(client, model, stream=stream, body=case["body"]))
                sent = upstream.server.requests[f"s{slot}"]
                assert len(sent) == 1, (recording.name, client, got)
                return Arrival(recording, client, known, case, sent[0]["path"], sent[0]["body"])

            return await in_slots(both, one)

    return asyncio.run(play())


def test_requests_arrive_as_they_were_meant(arrivals, tell):
    asked, differing, faults, used = Counter(), Counter(), [], set()
    for arrival in arrivals:
        asked[arrival.pair] += 1
        differing[arrival.pair] += bool(arrival.differences)
        for difference in arrival.differences:
            row = accepted(REQUESTS, arrival.recording.name, arrival.client, difference.field)
            used.add(row)
            if row is None or (arrival.known and not row.known):
                faults.append((arrival.recording.name, arrival.pair, arrival.known, difference))
    for pair, count in sorted(asked.items()):
        tell(f"requests of {pair}: {count - differing[pair]} of {count} without a difference")
    assert faults == []
    assert not ALL or used == {*REQUESTS}, "a remainder is not needed any more"


@pytest.mark.skipif(not ALL, reason="a share of all requests: MADANG_RECORDINGS=all")
@pytest.mark.parametrize("known", [True, False])
def test_at_least_995_of_1000_requests_have_no_difference_at_all(arrivals, known):
    clean = [not arrival.differences for arrival in arrivals if arrival.known == known]
    assert sum(clean) >= 0.995 * len(clean)


def test_the_model_that_was_asked_for_is_the_one_that_is_asked(arrivals):
    for arrival in arrivals:
        wanted = arrival.recording.model if arrival.known else UNHEARD_OF
        asked = arrival.path if arrival.recording.dialect == "gemini" else arrival.body["model"]
        assert wanted in asked, (arrival.recording.name, arrival.client)


def test_a_body_in_the_providers_own_dialect_arrives_unchanged(arrivals):
    """But for what the gateway has to set: the model, and the wish for usage in a stream."""
    compared = 0
    for arrival in arrivals:
        if arrival.client == arrival.recording.dialect:
            sent, got = _settled(arrival.recording.norm["request"]["body"]), _settled(arrival.body)
            assert json.dumps(got) == json.dumps(sent), arrival.recording.name
            compared += 1
    assert compared


def _settled(body):
    """A body without what the gateway sets, and without the stream flag, which the question sets."""
    return {k: v for k, v in body.items() if k not in ("model", "stream", "stream_options")}
