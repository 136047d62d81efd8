"""Killed at random moments under load: what callers have got is in the ledger to the nano-dollar, the rest explained.

`MADANG_KILLS=50 make test ARGS=tests/server/test_server_kills.py`, or `make crash`, kills more often.
"""

import asyncio
import os
import subprocess
import sys

import pytest
from server_crowd import Vendor, ask, insist
from server_gateway import Gateway, eventually
from server_kills import FAULTS, Account, cost_of, slaughter
from test_server_budget_edge import body, known_everywhere, spent

KILLS = int(os.environ.get("MADANG_KILLS", "5"))
CENT = 10_000_000


@pytest.fixture(scope="module")
def vendor():
    with Vendor() as running:
        yield running


@pytest.fixture(params=[1, 4], ids=["one worker", "four workers"])
def gateway(request, vendor, tmp_path):
    openai = {"kind": "openai", "base_url": f"{vendor.url}/v1", "api_key": "sk-any"}
    openai |= {"limits": "off", "concurrency": "off"}
    config = {"providers": {"openai": openai}, "server": {"drain_s": 2}}
    with Gateway(tmp_path, config, "--workers", str(request.param)) as running:
        running.kills = KILLS // 2 if request.param == 1 else -(-KILLS // 2)
        yield running


def month(gateway):
    return gateway.call("GET", "/v1/usage/current-month").json()


def bound_everywhere(gateway, key):
    """No worker lets pass any more what only the old budget has room for."""
    large = body("gpt-4.1", 5, max_tokens=30_000)
    return {asyncio.run(ask(gateway.port, key, large))[0] for _ in range(16)} == {402}


def spend_the_rest(gateway, key):
    """Ask for large answers, then small ones, until not even these are paid for: each at most a tenth of a cent."""
    for model, tokens in (("gpt-4.1", 2000), ("gpt-4.1-mini", 400)):
        request = body(model, tokens // 3, max_tokens=tokens)
        while (status := insisting(gateway, key, request)) != 402:
            assert status == 200


def insisting(gateway, key, request):
    """The status when nothing is reserved any more for a worker that is still to be replaced."""
    return asyncio.run(asyncio.wait_for(insist(gateway.port, key, request), 60))


def adjust(gateway, vendor):
    """`madang reconcile --adjust`, with the provider's own report."""
    command = [sys.executable, "-m", "madang", "reconcile", "--provider", "openai", "--api"]
    command += ["--api-url", f"{vendor.url}/v1", "--home", str(gateway.home)]
    environ = {**os.environ, "OPENAI_ADMIN_KEY": "sk-admin-any"}
    done = subprocess.run(
        [*command, "--adjust", "--include-today"], env=environ, capture_output=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()


def judge(account, delivered):
    """Whoever has got an answer is charged once, what the provider charges; no other charge is without a row."""
    of_request = account.by_request()
    for one in delivered:
        *before, last = of_request[one.request_id]
        assert [row.final for row in before] == [0] * len(before)
        assert (last.final, last.outcome, last.estimated) == (1, "ok", 0)
        assert last.cost_nusd == cost_of(account.charges[one.charge_id])
    unmatched = account.unmatched(delivered)
    estimated = [row for row in account.rows if row.outcome in {"lost", "cut", "client_closed"}]
    assert len(unmatched) <= len(estimated)
    owed = sum(map(cost_of, account.charges.values()))
    entered = sum(row.cost_nusd for row in account.rows)
    explained = sum(map(cost_of, unmatched)) - sum(row.cost_nusd for row in estimated)
    assert owed - entered == explained


def test_every_kill_is_accounted_for(gateway, vendor):
    vendor.behaves(*FAULTS)
    key_id, key = gateway.make_key("killed", budget_usd="100")
    eventually(lambda: known_everywhere(gateway, key))
    callers = slaughter(gateway, key, gateway.kills, seed=20261120)
    entered = month(gateway)["total_cost_nusd"]  # waits until all of it is in the ledger
    account = Account(gateway, key_id, vendor.book)
    assert len(callers.delivered) > 10 * gateway.kills
    assert account.lost_tokens > 0  # streams, as far as they had come
    assert sum(row.cost_nusd for row in account.rows) == entered
    judge(account, callers.delivered)

    # what was reserved for the dead is free again, to the last cent
    vendor.hurries()
    cap = entered + 4 * CENT
    change = {"budget_usd": f"{cap // 10**9}.{cap % 10**9:09}"}
    assert gateway.call("PATCH", f"/api/keys/{key_id}", json=change).status_code == 200
    eventually(lambda: bound_everywhere(gateway, key))
    spend_the_rest(gateway, key)
    assert cap - CENT < spent(gateway, key) <= cap

    # the provider's own report makes both sums one
    adjust(gateway, vendor)
    assert month(gateway)["total_cost_nusd"] == sum(map(cost_of, vendor.book))
