"""Exports are read back by Python's own CSV reader and JSON decoder, and hold no formula."""

import csv
import io
import json
import re
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from ledger_reading import NOV_20_2026_US, moved

from madang.ledger.reports import export, usage

DAYS = {"from_day": date(2026, 11, 20), "to_day": date(2026, 11, 20)}
NASTY = 'a "quoted"\r\nline, with = and 한국어'


@pytest.fixture
def enter(journal, ingester, attempt):
    def enter(*rows):
        journal.append([attempt(**row) for row in rows])
        moved(ingester)

    return enter


def written(store, form, **more):
    rows = export.attempts(store, **DAYS, **more)
    return "".join(export.lines(rows, export.ATTEMPT_COLUMNS, form))


def test_csv_is_read_back_as_it_was(store, enter):
    enter({"detail": NASTY, "tags": {"team": "a,b"}, "cost_nusd": None, "final": False})
    (row,) = csv.DictReader(io.StringIO(written(store, "csv"), newline=""), strict=True)
    assert tuple(row) == export.ATTEMPT_COLUMNS
    assert (row["detail"], row["cost_nusd"], row["final"]) == (NASTY, "", "false")
    assert json.loads(row["tags"]) == {"team": "a,b"}
    assert row["at"] == "2026-11-20T00:00:00.000Z"


def test_csv_lines_end_as_rfc_4180_says(store, enter):
    enter({}, {})
    assert written(store, "csv").count("\r\n") == written(store, "csv").count("\n") == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(store, enter, text):
    enter({"detail": text, "asked_model": text})
    (row,) = csv.DictReader(io.StringIO(written(store, "csv"), newline=""))
    assert row["detail"] == row["asked_model"] == f"'{text}"


def test_json_lines_hold_every_text_as_it_is(store, enter):
    enter({"detail": "=1+1", "tags": {"a": "b"}, "losses": ("seed",)}, {"detail": NASTY})
    rows = [json.loads(line) for line in written(store, "jsonl").splitlines()]
    assert [row["detail"] for row in rows] == ["=1+1", NASTY]
    assert (rows[0]["tags"], rows[0]["losses"], rows[0]["final"]) == ({"a": "b"}, ["seed"], True)


def test_every_attempt_of_the_days_is_there_once_in_the_order_of_time(store, enter, monkeypatch):
    monkeypatch.setattr(export, "PAGE", 3)
    enter(*({"at_us": NOV_20_2026_US + n // 5, "request_id": f"r{n:02}"} for n in range(20)))
    enter({"at_us": NOV_20_2026_US - 1}, {"at_us": NOV_20_2026_US + 86_400_000_000})
    found = [row["request_id"] for row in export.attempts(store, **DAYS)]
    assert found == [f"r{n:02}" for n in range(20)]


def test_a_key_exports_its_own_attempts_only(store, enter):
    enter({"key_id": "key_a"}, {"key_id": "key_b"})
    assert [row["key_id"] for row in export.attempts(store, **DAYS, key_id="key_b")] == ["key_b"]


def test_no_more_than_a_page_is_in_memory(store, enter):
    enter(*({"detail": "x" * 400} for _ in range(3_000)))
    tracemalloc.start()
    lines = sum(1 for _ in export.lines(export.attempts(store, **DAYS), ("detail",), "csv"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == 3_001
    assert peak < 8_000_000


def test_usage_is_exported_with_exact_dollars(store, enter):
    enter({"cost_nusd": 1_000_000_001})
    rows = export.usage_rows(usage.usage(store, **DAYS, by=("model",)))
    text = "".join(export.lines(rows, ("model", *export.USAGE_COLUMNS), "csv"))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["model"], row["cost_nusd"], row["cost_usd"]) == (
        "gpt-4.1",
        "1000000001",
        "1.000000001",
    )


def test_the_documentation_names_the_columns_in_their_order():
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    section = page.partition("## Export")[2].partition("\n## ")[0]
    for columns in (export.ATTEMPT_COLUMNS, export.USAGE_COLUMNS):
        told = re.search(rf"`{columns[0]}`, `{columns[1]}`.*?`{columns[-1]}`", section, re.DOTALL)
        assert tuple(re.findall(r"`(\w+)`", told[0])) == tuple(columns)
