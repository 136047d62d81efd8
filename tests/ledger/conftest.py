"""What the ledger's tests share: a home, a journal, an ingester, and attempts."""

import itertools

import pytest
from ledger_reading import NOV_20_2026_US

from madang.ledger.ingest.ingester import Ingester
from madang.ledger.journal import Journal
from madang.model import Attempt
from madang.state.store import Store


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def directory(home):
    return home / "journal"


@pytest.fixture
def store(home):
    store = Store(home)
    yield store
    store.close()


@pytest.fixture
def journal(directory):
    journal = Journal(directory, "w0", segment_bytes=1 << 20)
    yield journal
    journal.close()


@pytest.fixture
def ingester(store, directory):
    ingester = Ingester(store, directory)
    yield ingester
    ingester.close()


@pytest.fixture
def attempt():
    """Makes attempts that answered, each of a request of its own unless told otherwise."""
    numbers = itertools.count()

    def make(**given):
        request_id = given.pop("request_id", f"req_{next(numbers):06d}")
        n = given.pop("n", 0)
        facts = {
            "at_us": NOV_20_2026_US,
            "key_id": "key_a",
            "dialect": "chat",
            "asked_model": "gpt-4.1",
            "model": "gpt-4.1",
            "provider": "openai",
            "api": "chat",
            "outcome": "ok",
            "status": 200,
            "input_tokens": 10,
            "output_tokens": 5,
            "cost_nusd": 120_000,
        }
        return Attempt(id=f"{request_id}.{n}", request_id=request_id, n=n, **(facts | given))

    return make
