"""Simulated hours before one provider: time is an argument, so an hour takes a second."""

from collections import Counter

import pytest

from madang.catalog.paces import load_paces
from madang.config.sections.pacing import Pace
from madang.config.sections.providers import Provider
from madang.model import Target
from madang.routing.pacing import FOREVER, NORMAL, FairQueue, Pacing, Terms
from madang.state.table import Table

TARGET = Target("openai", "gpt-4.1", "chat", "gpt-4.1")
HOUR_S = 3600.0


def turnstile(keys=("sk-abcdefghijklmnop",), **given):
    terms = Terms(Provider(**{"concurrency": "off", **given}), "openai", load_paces())
    return Pacing(Table()).turnstile(TARGET, keys, terms)


def serve(gate, tokens, until_s, call_s=0.0):
    """When each of an endless line of requests went, and whose: one of three keys that all want all of it."""
    queue, now, gone, under_way = FairQueue(), 0.0, [], []
    for key, waiting in (("flood", 500), ("a", 20), ("b", 20)):
        for number in range(waiting):
            queue.push((key, number), key, NORMAL, gate.cost_s(tokens, call_s, now))
    while now < until_s:
        while under_way and under_way[0][0] <= now:
            under_way.pop(0)[1].end(tokens)
        turn = gate.enter(tokens, now)
        if turn is None:
            wait_s = gate.wait_s(tokens, now)
            free_at = under_way[0][0] if under_way else now
            now = free_at if wait_s == FOREVER else now + max(wait_s, 1e-6)
            continue
        key, number = queue.head()
        queue.pop()
        queue.push((key, number + 1000), key, NORMAL, gate.cost_s(tokens, call_s, now))
        gone.append((now, key))
        under_way.append((now + call_s, turn))
    return gone


def most_in(moments, span_s):
    """The largest number in any span."""
    most, first = 0, 0
    for index, moment in enumerate(moments):
        while moments[first] <= moment - span_s:
            first += 1
        most = max(most, index - first + 1)
    return most


@pytest.mark.parametrize(
    ("pace", "tokens", "per_hour"),
    [
        (Pace(rps=2, burst=10), 10, 7200),
        (Pace(rpm=100, burst=20), 10, 6000),
        (Pace(rpm=120), 10, 7200),
        (Pace(tpm=60_000), 500, 7200),
        (Pace(rps=10, tpm=60_000, burst=20), 500, 7200),
    ],
)
def test_in_an_hour_98_percent_of_a_limit_are_used_and_never_more(pace, tokens, per_hour):
    gone = serve(turnstile(limits={"gpt-4.1": pace}), tokens, HOUR_S)
    burst = pace.burst if pace.tpm is None else per_hour // 60
    assert 0.98 * per_hour <= len(gone) <= per_hour + (burst or per_hour // 60)
    moments = [moment for moment, _ in gone]
    if pace.tpm is not None or pace.burst is None:
        assert most_in(moments, 60.0) * (tokens if pace.tpm else 1) <= (pace.tpm or pace.rpm)
    else:
        rate = pace.rps or pace.rpm / 60
        for span_s in (0.5, 1.0, 10.0, 60.0, 600.0):
            assert most_in(moments, span_s) <= rate * span_s + pace.burst


def test_in_an_hour_keys_have_equal_shares_within_5_percent_though_one_floods():
    served = Counter(
        key for _, key in serve(turnstile(limits={"*": Pace(rps=3, burst=5)}), 10, HOUR_S)
    )
    share = sum(served.values()) / 3
    assert all(abs(count - share) <= 0.05 * share for count in served.values())


def test_calls_at_once_are_never_more_than_allowed_and_always_all_of_them():
    gone = serve(turnstile(limits="off", concurrency=4), 10, 1000.0, call_s=2.0)
    moments = [moment for moment, _ in gone]
    assert most_in(moments, 2.0) == 4
    assert len(gone) >= 0.98 * 4 * 1000 / 2


def test_a_request_larger_than_a_whole_minute_goes_when_a_whole_minute_is_free():
    gate = turnstile(limits={"*": Pace(tpm=1000)})
    assert gate.enter(5000, 0.0) is not None
    assert gate.enter(1, 1.0) is None
    assert 60 <= gate.wait_s(1, 1.0) + 1.0 <= 62


def test_what_was_estimated_is_put_right_by_what_was_used():
    gate = turnstile(limits={"*": Pace(tpm=1000)})
    gate.enter(900, 0.0).end(100)
    assert gate.enter(900, 0.1) is not None
    assert gate.enter(10, 0.2) is None


def test_the_defaults_are_those_of_the_product():
    defaults = load_paces()
    paces = {
        name: (pace.rps, pace.tpm, pace.burst)
        for name in ("gpt-4.1", "claude-sonnet-4", "gemini-2.5-flash", "deepseek-v3.2", None)
        for pace in [defaults.pace(name)]
    }
    assert paces == {
        "gpt-4.1": (50, 150_000, 100),
        "claude-sonnet-4": (30, 200_000, 60),
        "gemini-2.5-flash": (100, 1_000_000, 200),
        "deepseek-v3.2": (60, 180_000, 120),
        None: (20, 100_000, 40),
    }
    homes = ("anthropic", "openai", "gemini", "mistral", None)
    assert [defaults.calls_at_once(home) for home in homes] == [10, 20, 30, 5, 5]
