"""What the official SDKs understand of recorded answers, through the gateway, by their streaming helpers too."""

import asyncio
import itertools
from collections import Counter

import pytest
from recordings_remainders import ANSWERS, accepted
from recordings_sdks import REFUSED, sdks, viewed
from recordings_stage import in_slots
from recordings_traffic import DIALECTS, recordings, sampled

from stand.traffic import APIS, needs_recordings, score

pytestmark = [
    pytest.mark.recordings,
    needs_recordings,
    # a relayed answer may hold what the SDK has no types for
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),
]


@pytest.fixture(scope="module")
def understood(upstream, gateway):
    """Recording, client, and what its SDK has understood, or what it raised.

    What comes from another dialect was written by the gateway: then the SDKs are strict.
    """
    answered = sampled([recording for recording in recordings() if recording.status == 200], 13, 4)
    refused = sampled([recording for recording in recordings() if recording.status >= 400], 5)
    cases = list(itertools.product([*answered, *refused], DIALECTS))

    async def play():
        async with (
            sdks(gateway.url, strict=False) as lenient,
            sdks(gateway.url, strict=True) as own,
        ):

            async def one(slot, case):
                recording, client = case
                pace = "bytes:7" if recording.has_stream else "whole"
                upstream.server.load(recording.norm, pace=pace, key=f"s{slot}")
                sdk = (lenient if client == recording.dialect else own)[client]
                model = f"{recording.dialect}{slot}/{recording.model}"
                try:
                    said = await sdk(model, recording.streaming)
                except Exception as error:
                    return recording, client, error
                return recording, client, viewed(client, said, stream=recording.streaming)

            return await in_slots(cases, one)

    return asyncio.run(play())


def test_what_an_sdk_understands_is_what_the_provider_said(understood, tell):
    seen, faults = Counter(), []
    for recording, client, said in understood:
        if recording.status >= 400:
            continue
        seen[f"{recording.dialect} to {client}"] += 1
        if isinstance(said, Exception):
            faults.append((recording.name, client, said))
            continue
        want = score().native_view(recording.norm)
        for view in (want, said):  # Google's SDK holds signatures as bytes, and writes base64url
            view["thinking_sig"] = [_standard(text) for text in view["thinking_sig"]]
        faults += [
            (recording.name, client, difference)
            for difference in score().compare_responses(want, said, APIS[client])
            if difference.severity == "must"
            and not accepted(ANSWERS, recording.name, client, difference.field)
            # OpenAI encrypts anew for the last event, which is the one that its SDK keeps
            and (client, difference.field) != ("responses", "thinking_sig")
        ]
    for pair, count in sorted(seen.items()):
        tell(f"answers of {pair} understood by the SDK: {count}")
    assert faults == []


def _standard(signature):
    return signature.replace("-", "+").replace("_", "/")


def test_an_sdk_raises_its_own_error_for_a_refusal(understood):
    refused = [case for case in understood if case[0].status >= 400]
    assert refused
    for recording, client, said in refused:
        assert isinstance(said, REFUSED), (recording.name, client, said)
