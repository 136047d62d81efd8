"""A run with failures, reconciled with what its simulated providers say they charged."""

import json
import socket
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from server_gateway import Gateway, eventually
from server_simulator import Simulated

from madang.cli import main
from madang.cli.offices.vendor_reports import VENDORS, fetch
from madang.drills.simulator import Behaviour

TODAY = f"{datetime.now(UTC).date()}"
HELLO = [{"role": "user", "content": "Tell me a long story about a yard in the rain."}]
ANTHROPIC = {"model": "claude-haiku-4-5", "max_tokens": 200, "messages": HELLO}
OPENAI = {"model": "gpt-4.1", "messages": HELLO}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A gateway and its provider, after answers, streams that were cut, and callers who left."""
    with Simulated() as provider:
        config = {"providers": provider.providers()}
        with Gateway(tmp_path_factory.mktemp("reconcile"), config) as gateway:
            _use(gateway, provider)
            yield gateway, provider


def _use(gateway, provider):
    for path, body in (("chat/completions", OPENAI), ("messages", ANTHROPIC)):
        for _ in range(3):
            assert gateway.call("POST", f"/v1/{path}", json=body).status_code == 200
    provider.conduct.replace([Behaviour(fault="cut")])
    for path, body in (("chat/completions", OPENAI), ("messages", ANTHROPIC)):
        gateway.call("POST", f"/v1/{path}", json={**body, "stream": True})
    provider.conduct.replace([Behaviour(tokens_per_s=200.0)])
    for path, body in (("chat/completions", OPENAI), ("messages", ANTHROPIC)):
        _leave(gateway, path, {**body, "stream": True})
    eventually(lambda: gateway.status()["in_flight"] == 0)


def _leave(gateway, path, body):
    """Ask, read the beginning of the answer, and hang up."""
    content = json.dumps(body).encode()
    key = gateway.make_key("leaver")[1]
    lines = [f"POST /v1/{path} HTTP/1.1", "host: h", f"authorization: Bearer {key}"]
    head = "\r\n".join([*lines, f"content-length: {len(content)}", "", ""])
    with socket.create_connection(("127.0.0.1", gateway.port)) as caller:
        caller.sendall(head.encode() + content)
        caller.recv(2_000)


def reconcile(gateway, provider, name, *more):
    env = {"OPENAI_ADMIN_KEY": "sk-admin", "ANTHROPIC_ADMIN_KEY": "sk-ant-admin"}
    url = provider.providers()[name]["base_url"]
    line = ["reconcile", "--provider", name, "--api", "--api-url", url, "--from", TODAY, "--json"]
    result = CliRunner().invoke(main, [*line, "--home", str(gateway.home), *more], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, json.loads(result.stdout)


def spent(gateway, provider):
    rows = gateway.call("GET", "/v1/usage?by=provider").json()["rows"]
    return next(row["cost_nusd"] for row in rows if row["provider"] == provider)


def charged(provider, wire):
    return sum(charge.nusd for charge in provider.book.charges if charge.wire == wire)


@pytest.mark.parametrize(("name", "wire"), [("openai", "chat"), ("anthropic", "messages")])
def test_what_is_booked_makes_the_ledgers_sum_the_providers_charge(run, name, wire):
    gateway, provider = run
    _, seen = reconcile(gateway, provider, name)
    assert {row["day"] for row in seen["rows"]} == {TODAY}
    _, booked = reconcile(gateway, provider, name, "--adjust", "--include-today")
    assert booked["booked_nusd"] == charged(provider, wire) - spent_before(seen)
    assert spent(gateway, name) == charged(provider, wire)
    again = reconcile(gateway, provider, name, "--adjust", "--include-today")[1]
    assert (again["booked_nusd"], again["corrections"]) == (0, 0)


def spent_before(seen):
    return sum(row["ours"]["cost_nusd"] for row in seen["rows"])


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_reports_are_fetched_page_by_page(run, name):
    url = run[1].providers()[name]["base_url"]
    last = date.fromisoformat(TODAY)
    pages = json.loads(fetch(name, url, "sk-admin", last - timedelta(days=40), last))
    starts = Counter(
        bucket.get("start_time") or bucket["starting_at"]
        for page in pages
        for bucket in page["data"]
    )
    assert len(starts) == 41
    assert set(starts.values()) == {len(VENDORS[name].reports)}


def test_a_file_of_reports_is_read_like_those_that_are_fetched(run, tmp_path):
    gateway, provider = run
    last = date.fromisoformat(TODAY)
    file = tmp_path / "report.json"
    file.write_text(fetch("openai", provider.providers()["openai"]["base_url"], "k", last, last))
    line = ["reconcile", "--provider", "openai", "--threshold", "1", str(file)]
    result = CliRunner().invoke(main, [*line, "--home", str(gateway.home)])
    assert result.exit_code == 0, result.output
    assert "gpt-4.1" in result.stdout
    assert TODAY in result.stdout


def test_drift_ends_with_1_and_is_said(run):
    gateway, provider = run
    gateway.call("POST", "/v1/chat/completions", json={**OPENAI, "model": "gpt-4.1-mini"})
    provider.book.forget_charges()
    status, told = reconcile(gateway, provider, "openai")
    assert (status, told["drifting"]) == (1, 1)
