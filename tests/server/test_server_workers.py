"""Several processes on one socket: one installation to its callers, whichever of them answers."""

import os
import signal
from pathlib import Path

import pytest
from server_gateway import Gateway, eventually, settings
from test_server_ending import Load, attempts, refused


@pytest.fixture(scope="module")
def gateway(provider, tmp_path_factory):
    """Two workers and their supervisor."""
    home = tmp_path_factory.mktemp("workers")
    with Gateway(home, settings(provider.port, drain_s=5), "--workers", "2") as running:
        yield running


def status_of(gateway, key):
    """What a caller on a new connection is told."""
    body = {"model": "oa/m", "messages": [{"role": "user", "content": "hi"}]}
    close = {"connection": "close"}
    return gateway.call("POST", "/v1/chat/completions", key, json=body, headers=close).status_code


def test_every_answer_of_every_worker_is_entered_once(gateway):
    key_id, key = gateway.make_key("load")
    load = Load(gateway, key, callers=4)
    eventually(lambda: len(load.noted) > 100)
    noted = load.ended()
    month = gateway.call("GET", "/v1/usage/current-month", key).json()
    assert month["requests"] == len(noted) == len(set(noted))
    rows = attempts(gateway, f"SELECT request_id FROM attempts WHERE key_id = '{key_id}'")
    assert sorted(row[0] for row in rows) == sorted(noted)


def test_a_key_is_known_and_forgotten_by_all(gateway):
    key_id, key = gateway.make_key("everywhere")
    eventually(lambda: {status_of(gateway, key) for _ in range(12)} == {200})
    gateway.call("DELETE", f"/api/keys/{key_id}")
    eventually(lambda: {status_of(gateway, key) for _ in range(12)} == {401})


def test_a_worker_that_dies_is_replaced(gateway):
    key = gateway.make_key("patient")[1]
    eventually(lambda: len(gateway.workers) == 2)
    dead = gateway.workers[0]
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: len(gateway.workers) == 2 and dead not in gateway.workers)
    eventually(lambda: [status_of(gateway, key) for _ in range(12)] == [200] * 12)


def test_told_to_end_all_end(gateway):
    eventually(lambda: len(gateway.workers) == 2)
    workers = gateway.workers
    assert gateway.stop() == 0
    assert refused(gateway.port)
    assert not [pid for pid in workers if running(pid)]


def test_without_their_supervisor_workers_end(gateway):
    gateway.start()
    workers = eventually(lambda: len(gateway.workers) == 2 and gateway.workers)
    gateway.kill()
    eventually(lambda: refused(gateway.port))
    eventually(lambda: not [pid for pid in workers if running(pid)])


def running(pid):
    """Whether a process is there, and not only its entry."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
