"""Standing in line for a turn, on a real event loop."""

import asyncio
from functools import wraps
from time import monotonic

import pytest

from madang.catalog.paces import load_paces
from madang.config.sections.pacing import Pace, Queue
from madang.config.sections.providers import Provider
from madang.errors import ProviderOutOfQuota, ProviderPaced
from madang.model import Target
from madang.pipeline.line import Claim, Line
from madang.routing.board import Board
from madang.routing.pacing import HIGH, LOW, NORMAL, Pacing, Terms
from madang.state.table import Table

TARGET = Target("openai", "gpt-4.1", "chat", "gpt-4.1")


def on_a_loop(test):
    """Run an async test."""

    @wraps(test)
    def run(*args, **more):
        asyncio.run(asyncio.wait_for(test(*args, **more), 20))

    return run


def line_of(keys=("sk-one-of-the-keys",), **given):
    given = {"concurrency": "off", "limits": {}, **given}
    terms = Terms(Provider(**given), "openai", load_paces())
    turnstile = Pacing(Table()).turnstile(TARGET, keys, terms)
    return Line(turnstile, Board().standing(TARGET), terms.queue, "openai/gpt-4.1")


def claim(key="a", for_s=10.0):
    return Claim(key, NORMAL, 10, monotonic() + for_s)


def ranked(priority, key="a"):
    return claim(key)._replace(priority=priority)


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


@on_a_loop
async def test_a_call_that_ends_lets_the_next_in_at_once():
    line = line_of(concurrency=1)
    first = line.enter(10, monotonic())
    second = asyncio.create_task(line.wait(claim()))
    await settled()
    assert not second.done()
    assert line.enter(10, monotonic()) is None
    first.end(None)
    await settled()
    assert second.done()
    second.result().end(None)


@on_a_loop
async def test_who_leaves_in_the_instant_of_being_served_gives_the_turn_back():
    line = line_of(concurrency=1)
    first = line.enter(10, monotonic())
    second, third = (asyncio.create_task(line.wait(claim())) for _ in range(2))
    await settled()
    first.end(None)
    second.cancel()
    await settled()
    assert second.cancelled()
    assert third.done()
    third.result().end(None)
    assert line.enter(10, monotonic()) is not None


@on_a_loop
async def test_a_thousand_who_come_and_go_leave_nothing_behind():
    line = line_of(concurrency=1)
    first = line.enter(10, monotonic())
    for _ in range(10):
        waiting = [asyncio.create_task(line.wait(claim(str(n)))) for n in range(100)]
        await settled()
        assert len(line) == 100
        for one in waiting:
            one.cancel()
        await settled()
        assert len(line) == 0
    first.end(None)
    assert line.enter(10, monotonic()) is not None


@on_a_loop
async def test_who_would_be_served_too_late_after_a_refusal_is_sent_away_at_once():
    line = line_of(limits={"*": Pace(rps=5, burst=1)})
    first = line.enter(10, monotonic())
    patient = asyncio.create_task(line.wait(claim("a", 300.0)))
    hurried = asyncio.create_task(line.wait(claim("b", 5.0)))
    await settled()
    first.refused("rate_limit", 429, 60.0, monotonic())
    first.end(0)
    with pytest.raises(ProviderPaced) as told:
        await hurried
    assert 55 < told.value.retry_after_s <= 60
    assert not patient.done()
    patient.cancel()


@on_a_loop
async def test_a_line_that_is_full_or_too_long_takes_nobody():
    line = line_of(limits={"*": Pace(rpm=1, burst=1)}, queue=Queue(length=1, wait_s=600.0))
    line.enter(10, monotonic())
    with pytest.raises(ProviderPaced):
        await line.wait(claim(for_s=30.0))
    waiting = asyncio.create_task(line.wait(claim(for_s=100.0)))
    await settled()
    with pytest.raises(ProviderPaced, match="1 requests in line"):
        await line.wait(claim(for_s=1000.0))
    waiting.cancel()


@on_a_loop
async def test_when_the_last_key_comes_to_rest_all_who_wait_hear_why():
    line = line_of(keys=("sk-one-of-the-keys", "sk-two-of-the-keys"), concurrency=2)
    turns = [line.enter(10, monotonic()) for _ in range(2)]
    waiting = [asyncio.create_task(line.wait(claim())) for _ in range(3)]
    await settled()
    for turn in turns:
        turn.refused("provider_quota", 429, None, monotonic())
    for turn in turns:
        turn.end(0)
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in told] == [ProviderOutOfQuota] * 3


async def joined(line, *claims):
    """Who joins one after the other, as tasks."""
    tasks = []
    for one in claims:
        tasks.append(asyncio.create_task(line.wait(one)))
        await settled()
    return tasks


def sent_away(tasks):
    """Which of them were refused."""
    refused = [
        n
        for n, task in enumerate(tasks)
        if task.done() and isinstance(task.exception(), ProviderPaced)
    ]
    for task in tasks:
        task.cancel()
    return refused


@pytest.mark.parametrize(
    ("waiting", "joins", "leaves"),
    [
        ((LOW, LOW, NORMAL), HIGH, 1),
        ((LOW, LOW, NORMAL), NORMAL, 1),
        ((NORMAL, NORMAL, HIGH), HIGH, 1),
        ((LOW, LOW, NORMAL), LOW, 3),
        ((HIGH, HIGH, HIGH), HIGH, 3),
    ],
)
@on_a_loop
async def test_in_a_full_line_the_last_of_the_lowest_priority_makes_room(waiting, joins, leaves):
    line = line_of(concurrency=1, queue=Queue(length=3))
    held = line.enter(10, monotonic())
    tasks = await joined(line, *map(ranked, waiting), ranked(joins))
    assert sent_away(tasks) == [leaves]
    await settled()
    held.end(None)


@on_a_loop
async def test_a_key_with_more_waiting_pushes_nobody_elses_out():
    line = line_of(concurrency=1, queue=Queue(length=4))
    held = line.enter(10, monotonic())
    greedy = [ranked(HIGH, "greedy")] * 3
    tasks = await joined(line, *greedy, ranked(LOW, "small"), ranked(HIGH, "greedy"))
    assert sent_away(tasks) == [4]
    await settled()
    held.end(None)
