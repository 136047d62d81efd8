"""Drills are judged by faults whose outcome is known, and by ledgers that were spoilt on purpose."""

import json

import pytest
from click.testing import CliRunner

from madang.cli import main
from madang.drills.disaster.audit import audit
from madang.drills.disaster.caller import Told
from madang.drills.disaster.dialects import DIALECTS, Way, judge
from madang.drills.disaster.figures import Moments, measured, percentile
from madang.drills.disaster.rows import DRILLS, LEFT_OUT, chosen
from madang.drills.simulator import FAULTS
from madang.drills.simulator.book import Charge
from madang.drills.simulator.records import Usage
from madang.errors import InvalidRequest

NUMBERS = " ".join(map(str, range(1, 13)))
CHAT = Way("chat", stream=True)


def run(*arguments):
    """`madang drill` with arguments."""
    return CliRunner().invoke(main, ["drill", *arguments])


def piece(text):
    """An event of a chat stream."""
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


def test_a_cut_stream_is_gone_on_with_and_the_books_agree(tmp_path):
    page = tmp_path / "page.md"
    done = run("cut", "--seconds", "4", "--out", str(page), "--json")
    told = json.loads(done.stdout)
    (drill,) = told["drills"]
    assert done.exit_code == (
        not drill["passed"]
    )  # it has times to keep, too: a busy machine may not
    assert (drill["answered"], drill["unended"]) == (1.0, 0)
    assert drill["kinds"] == {}
    assert drill["ledger"]["exact"]
    assert "| 120 | 100.00% | answers only |" in page.read_text()


def test_drills_are_listed_by_name():
    assert {one["name"] for one in json.loads(run("--list", "--json").stdout)} == {
        drill.name for drill in DRILLS
    }
    assert run("no-such-drill").exit_code == 2
    with pytest.raises(InvalidRequest, match="region-lost"):
        chosen(["no-such-drill"])


def test_every_fault_of_the_simulator_but_two_that_callers_cause_or_see_elsewhere_has_a_drill():
    struck = {drill.fault.fault for drill in DRILLS if drill.fault}
    assert set(FAULTS) - struck == {"empty", "overflow"}


def test_what_is_left_out_is_held_by_tests_that_exist(request):
    for file in LEFT_OUT.values():
        assert (request.config.rootpath / file).is_file()


def test_every_dialect_has_a_judge_of_its_ends():
    for dialect in DIALECTS:
        heard = judge(Way(dialect, stream=True), 200, b"")
        assert (heard.kind, heard.ended) == ("stream without an end", False)


@pytest.mark.parametrize(
    ("body", "kind", "ended"),
    [
        (piece(NUMBERS) + b"data: [DONE]\n\n", "ok", True),
        (piece(NUMBERS), "stream without an end", False),
        (piece("1 2 3 3 4") + b"data: [DONE]\n\n", "wrong answer", True),
        (piece("1 2") + b"data: {broken\n\n", "not of its dialect", False),
        (piece("1") + b'data: {"error": {"code": "broken"}}\n\n', "stream error broken", True),
    ],
)
def test_a_stream_of_chat_is_right_only_with_its_whole_text_and_its_end(body, kind, ended):
    assert judge(CHAT, 200, body) == (kind, ended)


def row(**other):
    """A row of the ledger that matches the charge below."""
    figures = {"input_tokens": 10, "output_tokens": 20, "cost_nusd": 180_000}
    facts = {"request_id": "r", "final": True, "outcome": "ok", "estimated": False, "cause": None}
    return {"provider": "near-1", **figures, **facts, **other}


CHARGE = ("near-1", Charge("c", "gpt-4.1", "chat", Usage(10, 20), complete=True))
ANSWER = Told(CHAT, 0.0, 0.1, 0.2, "ok", ended=True, request_id="r")


@pytest.mark.parametrize(
    ("rows", "charges", "problems"),
    [
        ([row()], [CHARGE], ()),
        ([], [CHARGE], ("1 answers without a final row", "1 charges without a row")),
        ([row()], [CHARGE, CHARGE], ("1 charges without a row",)),
        ([row(), row()], [CHARGE, CHARGE], ("1 requests with two final rows",)),
        (
            [row(cost_nusd=180_001)],
            [CHARGE],
            ("1 rows that no provider charged", "1 charges without a row"),
        ),
        ([row(), row(final=False, outcome="failed", cause="broken")], [CHARGE, CHARGE], ()),
    ],
)
def test_the_audit_finds_whatever_is_missing_doubled_or_off_by_a_nano_dollar(
    rows, charges, problems
):
    assert audit(rows, charges, [ANSWER]).problems == problems


def told(at_s, provider, attempts):
    return Told(CHAT, at_s, 0.1, 0.25, "ok", ended=True, provider=provider, attempts=attempts)


def test_it_is_noticed_once_a_request_passes_by_and_over_once_the_target_answers():
    (drill,) = chosen(["reset"])
    seen = [told(0.5, "near-1", 1), told(1.5, "near-2", 2), told(2.0, "near-2", 1)]
    seen += [told(3.5, "near-2", 1), told(4.0, "near-1", 1)]
    figures = measured(drill, seen, Moments(struck_s=1.0, healed_s=3.0))
    assert (figures.detected_s, figures.recovered_s) == (1.0, 1.25)


def test_a_percentile_is_a_value_that_was_seen():
    assert [percentile(range(1, 101), share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert percentile([], 0.5) == 0
