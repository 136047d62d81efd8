"""`madang compare` at a running gateway in the playground, and at a home folder without one."""

import json

import pytest
from cli_gateway import http


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    file = tmp_path_factory.mktemp("compare") / "prompts.jsonl"
    asked = ["What is 17 * 23?", "Say: hello.", "Count from 1 to 3."]
    file.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in asked))
    return file


def at(gateway):
    return "--url", gateway.url, "--key", gateway.key


def test_a_comparison_is_asked_judged_rated_and_told(gateway, told, madang, prompts):
    models = ("gpt-4.1", "claude-sonnet-4")
    judge = ("--judge", "gemini-2.5-flash")
    found = told("compare", "run", prompts, *models, *judge, *at(gateway))
    comparison = found["comparison"]["id"]
    assert (found["pairs"], found["comparable"]) == (3, 3)
    assert [found[side]["answers"] for side in "ab"] == [3, 3]
    assert found["a"]["cost_nusd"] > 0
    assert found["model"]["ratings"] == 3
    rated = madang("compare", "rate", comparison, "--by", "kim", *at(gateway), stdin="l\nr\ns\n")
    assert "nothing left" in rated.output
    assert "claude" not in rated.output
    shown = told("compare", "show", comparison, *at(gateway))
    assert (shown["human"]["ratings"], shown["human"]["pairs"]) == (3, 3)
    listed = told("compare", "list", *at(gateway))
    assert {one["model"] for one in listed["quality"]} >= set(models)


def test_the_ledger_has_what_a_comparison_was_told_to_cost(gateway, told, madang, prompts):
    found = told("compare", "run", prompts, "gpt-4.1", "gpt-4.1-mini", *at(gateway))
    lines = madang("compare", "export", found["comparison"]["id"], *at(gateway)).stdout
    for pair in map(json.loads, lines.splitlines()):
        for side in ("a", "b"):
            answer = pair[side]
            row = http(f"{gateway.url}/v1/requests/{answer['request_id']}", gateway.key)[2]
            assert row["attempts"][-1]["cost_nusd"] == answer["cost_nusd"]
            assert row["attempts"][-1]["output_tokens"] == answer["output_tokens"]


def test_a_home_folder_is_enough(told, madang, prompts):
    found = told("compare", "run", prompts, "gpt-4.1", "gemini-2.5-flash", "--max-tokens", "50")
    comparison = found["comparison"]["id"]
    assert found["comparable"] == 3
    assert told("compare", "list")["comparisons"][0]["id"] == comparison
    assert madang("compare", "remove", comparison).exit_code == 0
    assert told("compare", "list") == {"comparisons": [], "quality": []}


def test_a_model_that_is_not_there_ends_it_at_once(gateway, madang, prompts):
    ended = madang("compare", "run", prompts, "gpt-4.1", "no-such-model", *at(gateway))
    assert ended.exit_code == 1
    assert "no-such-model" in ended.output


def test_only_the_admin_key_reads_comparisons(gateway):
    key = http(f"{gateway.url}/api/keys", gateway.key, {"name": "caller"})[2]["key"]
    assert http(f"{gateway.url}/api/comparisons", key)[0] == 403
    assert http(f"{gateway.url}/api/comparisons/cmp_none/next?by=x", gateway.key)[0] == 404
