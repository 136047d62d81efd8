"""Alerts of the program itself: a provider fails, a receiver hears of it once, whichever worker saw it; and it ends."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from server_gateway import Gateway, eventually, settings
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALERT = {
    "when": "error_rate > 50%",
    "severity": "critical",
    "window": "1m",
    "by": "provider",
    "min_count": 4,
}


@pytest.fixture(scope="module")
def hooks():
    """A receiver of webhooks that verifies them: its address, and what it was told."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.append(Webhook(SECRET).verify(body, headers))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Nothing: tests read what was told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://localhost:{server.server_port}/", told
    server.shutdown()
    server.server_close()
    thread.join()


def configured(port, url, *, allow_private=True, alerts=(ALERT,)):
    ops = {"webhook": url, "secret": SECRET, "allow_private": allow_private}
    return {**settings(port), "alerts": list(alerts), "channels": {"ops": ops}}


@pytest.fixture(scope="module")
def gateway(provider, hooks, tmp_path_factory):
    """Two workers."""
    home = tmp_path_factory.mktemp("alerts")
    with Gateway(home, configured(provider.port, hooks[0]), "--workers", "2") as running:
        yield running


def ask(gateway, model):
    """One request with the admin key, which all workers know, on a connection of its own, so that all get some."""
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    close = {"connection": "close"}
    return gateway.call("POST", "/v1/chat/completions", json=body, headers=close).status_code


def test_one_alert_of_both_workers_reaches_the_receiver(gateway, hooks):
    assert [ask(gateway, "dead/m") for _ in range(12)] == [502] * 12
    assert ask(gateway, "oa/m") == 200
    told = eventually(lambda: hooks[1])
    assert [(one["type"], one["data"]["subject"]) for one in told] == [("alert.firing", "dead")]
    assert told[0]["data"]["values"] == {"error_rate": 1.0}
    firing = gateway.call("GET", "/api/alerts").json()["firing"]
    assert [one["subject"] for one in firing] == ["dead"]


def test_every_worker_knows_what_all_have_seen(gateway):
    def attempts():
        rows = gateway.call(
            "GET", "/api/stats?by=provider", headers={"connection": "close"}
        ).json()["rows"]
        return {row["provider"]: row["measures"]["attempts"] for row in rows}

    eventually(lambda: all(attempts() == {"dead": 12, "oa": 1} for _ in range(6)))


def test_a_scrape_of_any_worker_has_the_sums(gateway):
    def errors():
        text = gateway.call("GET", "/metrics", headers={"connection": "close"}).text
        found = 'madang_attempts_total{model="m",outcome="failed",provider="dead"} 12.0'
        return found in text

    eventually(lambda: all(errors() for _ in range(6)))


def test_what_is_raised_ends_when_its_rule_goes(gateway, provider, hooks):
    gateway.configure(configured(provider.port, hooks[0], alerts=()))
    told = eventually(lambda: len(hooks[1]) > 1 and hooks[1])
    assert told[1]["type"] == "alert.resolved"
    history = gateway.call("GET", "/api/alerts/history").json()["rows"]
    assert [one["state"] for one in history] == ["resolved", "firing"]


def test_a_channel_is_tried_and_a_private_one_refused_by_default(gateway, provider, hooks):
    before = len(hooks[1])
    assert gateway.call("POST", "/api/channels/ops/test").status_code == 200
    assert hooks[1][before]["type"] == "test"
    gateway.configure(configured(provider.port, hooks[0], allow_private=False, alerts=()))

    def refused():
        answer = gateway.call("POST", "/api/channels/ops/test")
        return answer.status_code == 502 and answer.json()["error"]["message"]

    assert "allow_private" in eventually(refused)
    assert gateway.call("POST", "/api/channels/none/test").status_code == 404


def test_the_day_so_far_is_reported(gateway):
    today = datetime.now(UTC).date().isoformat()
    told = gateway.call("GET", f"/api/report/daily?day={today}").json()
    assert (told["requests"], told["failed_requests"]) == (13, 12)
    assert [one["state"] for one in told["alerts"]] == ["resolved", "firing"]
