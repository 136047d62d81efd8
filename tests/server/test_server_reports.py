"""What a console and an accountant ask a running gateway."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def asked(vendors):
    """Ids of requests, the oldest first, that a key of their own made: two answered, one refused by the provider."""
    key_id, key = vendors.make_key("reports")
    ids = []
    for model in ("gpt-4.1", "openai/missing-chat", "gpt-4.1"):
        body = {"model": model, "messages": [{"role": "user", "content": "Hello!"}]}
        answer = vendors.call("POST", "/v1/chat/completions", key, json=body)
        ids.append(answer.headers["x-request-id"])
    return key_id, key, ids


def test_a_key_lists_its_own_requests_and_no_others(vendors, asked):
    key_id, key, ids = asked
    page = vendors.call("GET", "/v1/requests", key).json()
    assert [row["id"] for row in page["rows"]] == ids[::-1]
    assert {row["key_id"] for row in page["rows"]} == {key_id}
    other = vendors.make_key("other")[1]
    assert vendors.call("GET", f"/v1/requests?key={key_id}", other).json()["rows"] == []


def test_the_administration_lists_requests_by_key_and_outcome_in_pages(vendors, asked):
    key_id, _, ids = asked
    first = vendors.call("GET", f"/api/requests?key={key_id}&limit=2").json()
    rest = vendors.call("GET", f"/api/requests?key={key_id}&before={first['next']}").json()
    assert [row["id"] for row in first["rows"] + rest["rows"]] == ids[::-1]
    failed = vendors.call("GET", f"/api/requests?key={key_id}&outcome=failed").json()
    assert [row["id"] for row in failed["rows"]] == [ids[1]]


def test_errors_and_latencies_are_told(vendors, asked):
    rows = vendors.call("GET", f"/api/errors?hours=1&key={asked[0]}").json()["rows"]
    assert [(row["provider"], row["attempts"]) for row in rows] == [("openai", 1)]
    found = vendors.call("GET", "/api/latencies?by=model").json()["rows"]
    (row,) = [row for row in found if row["model"] == "gpt-4.1"]
    assert row["answers"] >= 2
    assert row["latency_us"]["p50"] <= row["latency_us"]["p99"]


def test_exports_hold_what_the_ledger_holds(vendors, asked):
    key_id, _, ids = asked
    path = f"/api/export?what=attempts&key={key_id}&from={TODAY}"
    text = vendors.call("GET", path)
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(text.text, newline="")))
    assert [row["request_id"] for row in rows] == ids
    lines = vendors.call("GET", f"{path}&format=jsonl").text.splitlines()
    assert [json.loads(line)["request_id"] for line in lines] == ids
    sums = vendors.call("GET", f"/api/export?key={key_id}&by=model&format=jsonl").text
    assert json.loads(sums.splitlines()[0])["attempts"] == 2


def test_an_export_comes_in_pieces_and_one_of_nothing_is_empty(vendors, asked):
    answer = vendors.call("GET", "/api/export?what=attempts")
    assert answer.headers["transfer-encoding"] == "chunked"
    nothing = vendors.call("GET", "/api/export?what=attempts&format=jsonl&key=none")
    assert (nothing.status_code, nothing.content) == (200, b"")
    head = vendors.call("HEAD", "/api/export?what=attempts")
    assert (head.status_code, head.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert vendors.call("GET", "/healthz").status_code == 200


def test_the_report_is_told_over_http(vendors, asked):
    told = vendors.call("GET", "/api/report?by=provider&baseline=gpt-4.1").json()
    assert told["baseline"]["model"] == "gpt-4.1"
    assert told["total"]["cost_nusd"] == sum(row["cost_nusd"] for row in told["rows"])
    assert vendors.call("GET", "/api/report?baseline=gpt-nothing").status_code == 404


def test_a_reconciliation_of_nonsense_is_400(vendors):
    body = {"shape": "openai", "report": "nonsense"}
    assert vendors.call("POST", "/api/reconcile", json=body).status_code == 400
    assert vendors.call("POST", "/api/reconcile", json={"shape": "moon"}).status_code == 400


def test_only_the_admin_key_reads_all(vendors, asked):
    for path in ("requests", "errors", "latencies", "export", "corrections", "report"):
        assert vendors.call("GET", f"/api/{path}", asked[1]).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/requests?limit=0", "/v1/requests?limit=x", "/v1/requests?before=1'--"),
        *("/v1/requests?outcome=nice", "/v1/requests?nothing=1", "/api/requests?nothing=1"),
        *("/api/errors?hours=0", "/api/export?what=keys", "/api/export?format=xls"),
        *("/api/export?from=2026-13-01", "/api/latencies?by=key_id", "/v1/usage?top=0"),
        *("/api/corrections?from=2026-11-20&to=2026-11-19", "/v1/usage?top=-1&by=key"),
    ],
)
def test_what_makes_no_sense_is_400_and_says_so(vendors, path):
    answer = vendors.call("GET", path)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_usage_knows_every_dimension(vendors, asked):
    for by in ("asked_model", "account", "month", "hour", "task", "tag", "tag:team", "key"):
        rows = vendors.call("GET", f"/v1/usage?by={by}", asked[1]).json()["rows"]
        assert sum(row["attempts"] for row in rows) == 3, by
    top = vendors.call("GET", "/v1/usage?by=key&top=1").json()["rows"]
    assert len(top) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_on_which_nothing_can_have_happened_is_refused(vendors, day):
    """The day before the first, or after the last, is on no calendar: it was a defect of ours, 500."""
    paths = ["/v1/usage?", "/api/export?what=attempts&", "/api/report?", "/api/latencies?"]
    asked = [f"{path}{name}={day}" for path in paths for name in ("from", "to")]
    for path in [*asked, f"/api/report/daily?day={day}"]:
        refused = vendors.call("GET", path)
        assert (refused.status_code, "day" in refused.text) == (400, True), path
