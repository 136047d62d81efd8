"""`madang explain`: a story that a person can read, from the rows of the ledger."""

import time
from pathlib import Path

import pytest

from madang.ledger.journal import Journal
from madang.model import Attempt, Decision, LeftOut, Weighed


@pytest.fixture
def explained(madang, tmp_path):
    """Write attempts to the journal of a home, as a gateway would; tell the story of the request."""

    def tell(*attempts):
        home = Path(tmp_path / "home")
        madang("key", "create", "--name", "a", "--home", home)
        journal = Journal(home / "journal", "w0", segment_bytes=1 << 20)
        journal.append(attempts)
        journal.close()
        result = madang("explain", "req_1", "--home", home)
        assert result.exit_code == 0, result.output
        return result.stdout

    return tell


def attempt(n=0, **given):
    facts = {
        "id": f"req_1.{n}", "request_id": "req_1", "n": n, "at_us": time.time_ns() // 1000, "key_id": "key_a",
        "dialect": "messages", "asked_model": "sonnet", "model": "claude-sonnet-4", "provider": "claude",
        "api": "messages", "outcome": "ok", "status": 200, "cost_nusd": 0,
    }  # fmt: skip
    return Attempt(**(facts | given))


def test_a_failover_is_told_in_order(explained):
    story = explained(
        attempt(0, outcome="failed", status=529, cause="overloaded", final=False, latency_us=1_500_000),
        attempt(
            *(1,), provider="gpt", model="gpt-4.1", api="chat", input_tokens=1_200, output_tokens=34,
            cache_read_tokens=1_000, cost_nusd=1_172_000, price="openai/gpt-4.1@2025-04-14",
            latency_us=2_500_000, first_token_us=400_000, overhead_us=420, stop="stop",
            losses=("top_k", "thinking"), tags={"team": "search"}, streamed=True,
        ),
    )  # fmt: skip
    expected = (
        "Asked for sonnet in the format of Anthropic Messages, streamed.",
        "Tags: team=search.",
        "1. claude, model claude-sonnet-4, spoken to as Anthropic Messages",
        "failed (overloaded): status 529 after 1,500.0 ms",
        "2. gpt, model gpt-4.1, spoken to as OpenAI Chat Completions",
        "answered: status 200 after 2,500.0 ms, began after 400.0 ms, stopped by stop",
        "1,200 tokens in, 34 out (of these 1,000 read from the cache)",
        "cost $0.001172000 by the price openai/gpt-4.1@2025-04-14",
        "In all 2 attempts, 4,000.0 ms, $0.001172000; Madang's own share of the time was 0.42 ms.",
        "left out: top_k, thinking.",
    )
    places = [story.find(part) for part in expected]
    assert -1 not in places, expected[places.index(-1)]
    assert places == sorted(places)


def test_an_unknown_price_is_never_zero(explained):
    story = explained(attempt(cost_nusd=None, input_tokens=5, output_tokens=5))
    assert "cost unknown" in story
    assert "ms, unknown;" in story
    assert "$0" not in story


def test_an_estimate_is_called_one(explained):
    story = explained(
        attempt(outcome="client_closed", input_tokens=5, output_tokens=2, estimated=True)
    )
    assert "ended because the caller left" in story
    assert "5 tokens in, 2 out, estimated" in story


def test_no_answer_has_no_status(explained):
    story = explained(attempt(outcome="failed", status=0, cause="unreachable", detail="refused"))
    assert "failed (unreachable): no answer after" in story
    assert "said: refused" in story


def test_what_was_used_beside_tokens_and_the_part_of_the_price_are_told(explained):
    name = "openai/gpt-6-sol@2026-09-22#flex"
    story = explained(attempt(input_tokens=5, units={"searches": 2}, tier="flex", price=name))
    assert "5 tokens in, 0 out, 2 searches" in story
    assert f"by the price {name}" in story


def test_why_it_went_there_is_told(explained):
    considered = (
        Weighed("openai/gpt-4.1", 0.62),
        Weighed("openai-us/gpt-4.1", 0.18, "resting"),
    )
    left_out = (LeftOut("azure/gpt-4.1", "the caller wants this provider ignored"),)
    plan = Decision(
        "latency", considered, left_out, task="script", tier="complex", signals=("code+2",),
        rule=2, kept="openai/gpt-4.1", probe="openai/gpt-4.1",
    )  # fmt: skip
    story = explained(attempt(plan=plan))
    for line in (
        "The task is script.",
        "Judged complex: code+2.",
        "Rule 2 of the model holds.",
        "Considered, by latency in seconds: openai/gpt-4.1 (0.62), openai-us/gpt-4.1 (0.18, resting).",
        "Left out: azure/gpt-4.1: the caller wants this provider ignored.",
        "The session stays with openai/gpt-4.1.",
        "openai/gpt-4.1 was asked to see how fast it is now.",
    ):
        assert line in story


def test_prices_are_told_in_dollars_and_preferences_by_name(explained):
    cheap = (Weighed("a/m", 2_500_000_000),)
    assert "by price per million tokens in dollars: a/m (2.5)." in explained(
        attempt(plan=Decision("cost", cheap))
    )


@pytest.mark.parametrize(
    ("cache", "words"),
    [
        ("hit", "answered from the cache"),
        ("shared", "the answer to the same request, which was under way"),
        ("replayed", "the answer to the earlier request with the same Idempotency-Key"),
    ],
)
def test_an_answer_that_is_given_again_says_so_and_what_it_had_cost(explained, cache, words):
    story = explained(
        attempt(outcome="hit", status=0, cache=cache, saved_nusd=216_000, stop="stop")
    )
    assert words in story
    assert "cost nothing; the answer had cost $0.000216000" in story
    assert "None" not in story
    assert "no answer" not in story


def test_a_second_target_that_lost_is_no_caller_who_left(explained):
    story = explained(
        attempt(0, outcome="client_closed", status=0, cause="hedge_lost", final=False),
        attempt(1, outcome="ok"),
    )
    assert "cancelled, as another target had answered first: no answer" in story
    assert "the caller left" not in story


def test_the_side_of_a_trial_and_why_are_told(explained):
    why = Decision("order", side="25 % of the requests are cut over")
    of_it = {"canary": "cutover-m.1", "drawn": True}
    story = explained(
        attempt(0, outcome="failed", status=500, cause="provider_failed", arm="canary", final=False, plan=why, **of_it),
        attempt(1, provider="old", arm="stable", **of_it),
    )  # fmt: skip
    told = "In the cut-over cutover-m.1 it was on the new side: 25 % of the requests are cut over."
    assert told in story
    assert story.index("the new side", story.index("1. ")) < story.index("the stable side")


def test_an_injected_fault_and_a_callers_trace_are_told(explained):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    story = explained(
        attempt(0, outcome="failed", status=500, final=False, injected="drl_1", traceparent=trace),
        attempt(1),
    )
    assert "Part of its caller's trace 0af7651916cd43dd8448eb211c80319c." in story
    assert "this was no real failure: the drill drl_1 struck it" in story
