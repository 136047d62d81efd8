"""What the tests of replaying share: configurations as text, attempts as they were, replays."""

import functools
import itertools

import pytest
from whatif_rows import AT_US, DAY

from madang import catalog as catalogue
from madang.config.load import parse
from madang.routing.board import Board
from madang.server.process.assembly import assemble
from madang.whatif.change import Change, Period
from madang.whatif.configured import Configured
from madang.whatif.limiting import Bounds, Doorkeeper
from madang.whatif.past import Past, requests
from madang.whatif.replay import Replay
from madang.whatif.telling import Facts, report

PROVIDERS = """
providers:
  openai: {api_key: k}
  anthropic: {api_key: k}
  gemini: {api_key: k}
  deepseek: {api_key: k}
"""


@pytest.fixture(scope="session")
def catalog():
    return catalogue.load()


@pytest.fixture(scope="session")
def snapshot(catalog):
    """Makes the snapshot of a configuration: four providers, and what is added; one per text."""

    @functools.cache
    def make(text):
        settings = parse(PROVIDERS + text, {})
        return assemble(settings.models, settings.providers, catalog, Board(), settings.prices)

    return make


@pytest.fixture
def past():
    """Makes attempts that answered, each of a request of its own, a second apart."""
    numbers = itertools.count()

    def make(**given):
        n = next(numbers)
        facts = {
            "request_id": f"req_{n:06d}",
            "at_us": AT_US + n * 1_000_000,
            "model": "gpt-4.1",
            "provider": "openai",
            "input_tokens": 1_000,
            "output_tokens": 100,
            "cost_nusd": 2_800_000,
        } | given
        return Past(**({"asked_model": facts["model"]} | facts))

    return make


@pytest.fixture(scope="session")
def replayed(snapshot):
    """Replays attempts under a configuration; `before` None: nothing stays where it was."""

    def run(rows, text="", *, before=None, change=None, bounds=None, **facts):
        change, door = change or Change(), Doorkeeper(bounds or Bounds())
        world = Configured(snapshot(text), None if before is None else snapshot(before))
        replay = Replay(world, change, door)
        for attempts in requests(rows):
            replay.take(attempts)
        told = Facts(period=Period(DAY, DAY), source="test", **facts)
        return report(replay, door, change, told)

    return run
