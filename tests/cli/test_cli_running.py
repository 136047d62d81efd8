"""Commands and a running gateway: through its home folder and over HTTP they see and do the same."""

import json
import signal
import time

from cli_gateway import ask, http, up


def soon(holds):
    """Whether something comes to hold: promised within a second, and a busy machine gets a minute."""
    until = time.monotonic() + 60
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return held


def test_a_key_made_and_ended_in_the_home_folder_counts_in_the_running_gateway(gateway, told):
    made = told("key", "create", "--name", "by-home", "--home", gateway.home)
    assert soon(lambda: ask(gateway, made["key"])[0] == 200)
    told("key", "revoke", made["id"], "--home", gateway.home)
    assert soon(lambda: ask(gateway, made["key"])[0] == 401)


def test_over_http_the_same_is_made_listed_and_ended(gateway, told):
    there = ("--url", gateway.url, "--key", gateway.key)
    given = ("--name", "by-url", "--model", "gpt-*", "--budget", "0.000000001", "--expires", "2h")
    made = told("key", "create", *given, *there)
    at_home = told("key", "list", "--home", gateway.home)
    over_http = told("key", "list", *there)
    (mine,) = [key for key in at_home if key["id"] == made["id"]]
    assert mine["budget_nusd"] == 1
    assert {**mine, **next(key for key in over_http if key["id"] == made["id"])} == mine
    assert told("key", "revoke", "by-url", *there)["state"] == "revoked"
    assert ask(gateway, made["key"])[0] == 401


def test_an_ordinary_key_may_not_administer(gateway, madang, told):
    made = told("key", "create", "--name", "ordinary", "--url", gateway.url, "--key", gateway.key)
    result = madang("key", "list", "--url", gateway.url, "--key", made["key"])
    assert result.exit_code == 1
    assert "admin key" in result.stderr
    assert made["key"] not in result.output


def test_usage_adds_up_to_what_the_answers_said(gateway, told):
    made = told("key", "create", "--name", "counted", "--tag", "t=u", "--home", gateway.home)
    assert soon(lambda: ask(gateway, made["key"])[0] == 200)
    answers = [ask(gateway, made["key"], f"What is 2 * {n}?")[2] for n in range(5)]
    tokens = sum(answer["usage"]["total_tokens"] for answer in answers) + 29  # 29: the first one
    _, _, month = http(f"{gateway.url}/v1/usage/current-month", made["key"])
    over_http = told("usage", "--url", gateway.url, "--key", made["key"])
    rows = told("usage", "--by", "key,model", "--month", "--home", gateway.home)["rows"]
    (row,) = [row for row in rows if row["key"] == made["id"]]
    assert (
        row["total_tokens"] == over_http["total"]["total_tokens"] == month["total_tokens"] == tokens
    )
    assert row["cost_nusd"] == over_http["total"]["cost_nusd"] == month["total_cost_nusd"] > 0
    (tagged,) = told("usage", "--by", "tag:t", "--url", gateway.url, "--key", made["key"])["rows"]
    assert (tagged["tag:t"], tagged["total_tokens"]) == ("u", tokens)


def test_explain_tells_the_same_story_everywhere(gateway, madang, told):
    _, headers, answer = ask(gateway, gateway.key)
    request_id = headers["x-request-id"]
    at_home = told("explain", request_id, "--home", gateway.home)
    there = ("--url", gateway.url, "--key", gateway.key)
    assert at_home == told("explain", request_id, *there)
    assert at_home["cost_nusd"] == round(float(headers["x-madang-cost-usd"]) * 1e9)
    text = madang("explain", request_id, "--home", gateway.home).stdout
    assert f"{answer['usage']['prompt_tokens']} tokens in" in text
    assert "openai/gpt-4.1@2025-04-14" in text
    assert madang("explain", "req_none", *there).exit_code == 1


def test_models_over_http_are_those_that_the_key_may_use(gateway, told):
    made = told("key", "create", "--name", "few", "--model", "gpt-4.1*", "--home", gateway.home)
    listing = ("models", "--url", gateway.url, "--key")
    assert soon(lambda: http(f"{gateway.url}/v1/models", made["key"])[0] == 200)
    few = told(*listing, made["key"])
    assert {row["name"] for row in few} >= {"gpt-4.1", "gpt-4.1-mini"}
    assert all(row["name"].startswith("gpt-4.1") for row in few)
    assert len(told(*listing, gateway.key)) > len(few)


def test_what_a_killed_gateway_answered_is_in_the_books(tmp_path, told):
    with up(tmp_path / "home") as gateway:
        _, headers, answer = ask(gateway, gateway.key)
        gateway.process.send_signal(signal.SIGKILL)
    story = told("explain", headers["x-request-id"], "--home", tmp_path / "home")
    assert story["output_tokens"] == answer["usage"]["completion_tokens"]
    total = told("usage", "--home", tmp_path / "home")["total"]
    assert (total["requests"], total["cost_nusd"]) == (1, story["cost_nusd"])


def test_json_is_one_document(gateway, madang):
    for line in (("key", "list"), ("usage",), ("models",)):
        json.loads(madang(*line, "--json", "--home", gateway.home).stdout)
