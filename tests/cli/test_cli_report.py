"""`madang report` and `export`: the same from a home folder and from a running gateway."""

import csv
import io
import json
import time

import pytest
from cli_gateway import ask


@pytest.fixture(scope="module")
def places(gateway):
    """Where to look, after two questions were answered."""
    for text in ("one", "two"):
        assert ask(gateway, gateway.key, text)[0] == 200
    return {
        "home": ("--home", gateway.home),
        "url": ("--url", gateway.url, "--key", gateway.key),
    }


@pytest.mark.parametrize("place", ["home", "url"])
def test_the_report_says_what_was_used_and_how_figures_were_computed(madang, places, place):
    result = madang("report", "--baseline", "gpt-4.1", *places[place])
    assert result.exit_code == 0, result.output
    assert "With gpt-4.1 for everything: $" in result.stdout
    assert "How: " in result.stdout


@pytest.mark.parametrize("place", ["home", "url"])
def test_the_report_as_json_adds_up(madang, places, place):
    result = madang("report", "--by", "provider,model", "--format", "json", *places[place])
    told = json.loads(result.stdout)
    assert told["total"]["cost_nusd"] == sum(row["cost_nusd"] for row in told["rows"])
    assert told["total"]["requests"] >= 2
    assert told["baseline"] is None


def test_both_places_report_the_same(madang, places):
    told = [
        madang("report", "--baseline", "gpt-5", "--format", "json", *places[place]).stdout
        for place in ("home", "url")
    ]
    assert json.loads(told[0]) == json.loads(told[1])


@pytest.mark.parametrize("place", ["home", "url"])
def test_exports_are_read_back(madang, places, place):
    text = madang("export", "--attempts", *places[place]).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    lines = madang("export", "--attempts", "--format", "jsonl", *places[place]).stdout.splitlines()
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in lines]
    assert len(rows) >= 2


def test_sums_are_exported_by_what_is_asked_for(madang, places):
    text = madang("export", "--by", "model", *places["home"]).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    cost = {row["model"]: float(row["cost_usd"]) for row in rows}  # other tests ask others, too
    assert len(cost) == len(rows)
    assert cost["gpt-4.1"] > 0


def test_a_day_that_is_not_over_is_named_when_it_is_not_booked(madang, places, tmp_path):
    bill = {"object": "page", "data": [], "has_more": False}
    midnight = int(time.time()) // 86_400 * 86_400
    cost = {"amount": {"value": 9.5, "currency": "usd"}, "line_item": "gpt-4.1, output"}
    result = cost | {"object": "organization.costs.result"}
    day = {"object": "bucket", "start_time": midnight, "end_time": midnight + 86_400}
    bill["data"].append(day | {"results": [result]})
    (tmp_path / "costs.json").write_text(json.dumps(bill))
    asked = ("reconcile", "--provider", "openai", tmp_path / "costs.json", "--adjust")
    done = madang(*asked, *places["home"])
    assert done.exit_code == 1  # it drifts, and stays so until the day is over
    assert "Not over yet, and not booked" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "report --from 2026-11-31",
        "report --format pdf",
        "report --from 2026-11-02 --to 2026-11-01",
        "report --by moon",
        "export --by moon",
        "export --format xlsx",
        "reconcile --provider openai",
        "reconcile --provider moon --api",
        "reconcile --provider openai --api",
        "reconcile --provider openai no-such-file.json",
    ],
)
def test_what_makes_no_sense_ends_with_2(madang, places, line):
    result = madang(*line.split(), *places["home"])
    assert result.exit_code == 2, result.output
    assert "Error: " in result.stderr


def test_an_unknown_baseline_ends_with_1(madang, places):
    result = madang("report", "--baseline", "gpt-nothing", *places["home"])
    assert result.exit_code == 1
    assert "gpt-nothing" in result.stderr
