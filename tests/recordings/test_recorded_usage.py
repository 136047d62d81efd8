"""The books: what a provider reported is what the ledger has, whoever asked and however it came."""

import asyncio

import pytest
from recordings_stage import in_slots

from stand.traffic import needs_recordings, score

pytestmark = [pytest.mark.recordings, needs_recordings]

_FIGURES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
}


@pytest.fixture(scope="module")
def stories(exchanges, gateway):
    """Each exchange with what the ledger tells of it."""

    async def all_of_them():
        async with gateway.client() as http:

            async def one(_, exchange):
                told = await http.get(f"/v1/requests/{exchange.got.request_id}")
                return exchange, told.json()

            return await in_slots(exchanges, one)

    return asyncio.run(all_of_them())


def test_every_exchange_is_one_row(stories):
    for exchange, story in stories:
        [attempt] = story["attempts"]
        recording = exchange.recording
        assert attempt["final"], recording.name
        assert (attempt["dialect"], attempt["api"]) == (exchange.client, recording.dialect)
        assert attempt["streamed"] == recording.streaming
        assert attempt["status"] == recording.status


def test_the_ledger_has_the_figures_that_the_provider_reported(stories, tell):
    checked = 0
    for exchange, story in stories:
        [attempt] = story["attempts"]
        want = score().native_view(exchange.recording.norm)
        if want["error"] or not want["usage"] or not want["usage"]["input"]:
            continue
        got = {figure: attempt[column] for figure, column in _FIGURES.items()}
        assert got == want["usage"], (exchange.recording.name, exchange.pair, exchange.pace)
        assert not attempt["estimated"], exchange.recording.name
        checked += 1
    tell(f"usage: {checked} rows have the recorded figures")
    assert checked


def test_a_report_without_a_prompt_is_an_estimate_of_the_prompt_alone(stories):
    """No prompt is empty: a provider that says nothing of it has reported the rest."""
    for exchange, story in stories:
        [attempt] = story["attempts"]
        want = score().native_view(exchange.recording.norm)
        if want["error"] or not want["usage"] or want["usage"]["input"]:
            continue
        assert attempt["estimated"], exchange.recording.name
        assert attempt["input_tokens"] > 0
        assert attempt["output_tokens"] == want["usage"]["output"]


def test_what_no_provider_reported_is_an_estimate_and_says_so(stories):
    for exchange, story in stories:
        [attempt] = story["attempts"]
        want = score().native_view(exchange.recording.norm)
        if want["error"] or want["usage"]:
            continue
        assert attempt["estimated"], exchange.recording.name
        assert attempt["input_tokens"] > 0


def test_the_ledger_knows_how_it_ended(stories):
    for exchange, story in stories:
        [attempt] = story["attempts"]
        want = score().native_view(exchange.recording.norm)
        if want["error"]:
            assert attempt["outcome"] in ("failed", "cut"), exchange.recording.name
        elif want["complete"]:
            assert attempt["outcome"] == "ok", (exchange.recording.name, exchange.pair)
            assert attempt["stop"], exchange.recording.name
