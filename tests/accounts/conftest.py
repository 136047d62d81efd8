"""What the tests of accounts share: a store, its register, and payments at a stated rate."""

import pytest

from madang.accounts import Register
from madang.accounts.payments import Payments
from madang.state.store import Store
from stand.payments import RATES


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home")
    yield store
    store.close()


@pytest.fixture
def register(store):
    return Register(store)


@pytest.fixture
def payments(store):
    return Payments(store, RATES)


@pytest.fixture
def account(register):
    """An account on `pro`, whose plan grants nothing."""
    return register.create("Acme", "pro", now_s=1_795_132_800, actor="home")
