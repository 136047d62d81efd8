"""`madang auto train`, from real requests and real ratings to a gateway that says why it judged so."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cli_gateway import ask, http, up
from msgspec import yaml

from madang.cli.offices.auto_examples import asked_of, labelled, of_outcomes
from madang.config.scorer import SIGNALS
from madang.errors import InvalidRequest

THEMES = yaml.decode((Path(__file__).parents[1] / "routing" / "auto_plain.yaml").read_bytes())
LANGUAGES = ("en", "ko", "zh", "ja")
TIERS = {"simple": "gpt-4.1-mini", "medium": "gpt-4.1", "complex": "claude-sonnet-4"}
SETTINGS = {"models": {"auto": {"tiers": TIERS}}}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A gateway of its own in the playground, whose `auto` is configured."""
    home = tmp_path_factory.mktemp("auto")
    (home / "madang.yaml").write_text(json.dumps(SETTINGS))
    with up(home) as running:
        yield running


def questions(themes):
    """Each question with the tier that its label says."""
    return {theme[language]: theme["tier"] for theme in themes for language in LANGUAGES}


def answer(gateway, model, text):
    """A real answer as a comparison keeps it, with its model's name in the text: simulated ones are too much alike."""
    _, head, body = ask(gateway, gateway.key, text, model)
    told = f"{model}: {body['choices'][0]['message']['content']}"
    by = f"{head['x-madang-provider']}/{head['x-madang-model']}"
    return {"text": told, "request_id": head["x-request-id"], "answered_by": by}


def compare(gateway, a, b, needed):
    """Have both models answer, and rate as the labels have it: the larger is better for all but simple questions."""
    made = http(f"{gateway.url}/api/comparisons", gateway.key, {"a": a, "b": b})[2]
    path = f"{gateway.url}/api/comparisons/{made['id']}"

    def pair_of(text):
        prompt = [{"role": "user", "content": text}]
        return {"prompt": prompt, "a": answer(gateway, a, text), "b": answer(gateway, b, text)}

    with ThreadPoolExecutor(8) as callers:
        pairs = list(callers.map(pair_of, needed))
    assert http(f"{path}/pairs", gateway.key, {"pairs": pairs})[0] == 201
    while (pair := http(f"{path}/next?by=kim", gateway.key)[2])["pair"]:
        larger = "left" if pair["left"].startswith(f"{b}: ") else "right"
        is_simple = needed[pair["prompt"][0]["content"]] == "simple"
        verdict = {"pair": pair["pair"], "by": "kim", "better": "same" if is_simple else larger}
        assert http(f"{path}/ratings", gateway.key, verdict)[0] == 201


def test_ratings_become_a_scorer_that_a_running_gateway_takes_up(served, told):
    compare(served, "gpt-4.1-mini", "gpt-4.1", questions(THEMES[:4] + THEMES[20:24]))
    compare(served, "auto", "claude-sonnet-4", questions(THEMES[24:25]))
    place = ("--url", served.url, "--key", served.key)
    file = served.home / "scorer.json"
    config = ("--config", served.home / "madang.yaml")
    found = told("auto", "train", "--out", file, *config, *place)
    assert found["examples"] == {"rating": 36}
    assert found["measured"]["all"]["scorer"] > found["measured"]["all"]["rules"]
    assert set(found["measured"]["languages"]) == {"ko", "zh", "ja", "other"}
    before = [
        ask(served, served.key, theme["ko"], "auto")[1]["x-madang-auto"] for theme in THEMES[20:22]
    ]
    assert not any("scorer" in one for one in before)
    model = {"tiers": TIERS, "scorer": "scorer.json"}
    (served.home / "madang.yaml").write_text(json.dumps({"models": {"auto": model}}))
    _, head, _ = taken_up(served)
    assert head["x-madang-auto"].startswith(("medium; scorer ", "complex; scorer "))
    plan = http(f"{served.url}/v1/requests/{head['x-request-id']}", served.key)[2]["attempts"][0][
        "plan"
    ]
    assert f"scorer {plan['signs']['scorer']}" == plan["signals"][0]
    assert plan["signs"]["language"] == "ko"


def taken_up(gateway):
    """The first answer after the scorer was taken up."""
    until = time.monotonic() + 10
    while True:
        answer = ask(gateway, gateway.key, THEMES[21]["ko"], "auto")
        if "scorer" in answer[1]["x-madang-auto"] or time.monotonic() > until:
            return answer
        time.sleep(0.1)


def row(request_id, n=0, **facts):
    """A line of the ledger's export."""
    shown = {"at_us": 5, "asked_model": "auto", "provider": "p", "model": "small", "outcome": "ok"}
    return json.dumps({"request_id": request_id, "n": n, "final": True, **shown, **facts}).encode()


def judged(tier, version=SIGNALS):
    signs = {"version": version, "language": "ko", "counts": {"size": 6}}
    return {"pick": "order", "tier": tier, "signs": signs}


PLACES = {"small": 0, "p/middle": 1, "large": 2}


def outcomes(*rows, silence=0.0, rated=()):
    """What rows of the ledger teach: the bounds, where they come from, and what they count."""
    asked = asked_of(rows, "auto", PLACES)
    found = of_outcomes(asked.values(), silence, frozenset(rated))
    return [(one.id, one.least, one.most, one.source, one.weight) for one in found]


def test_a_request_that_was_too_much_for_its_tier_needed_more():
    overflow = {"outcome": "failed", "cause": "context_overflow"}
    first = row("a", plan=judged("simple"), final=False, **overflow)
    assert outcomes(first, row("a", 1, model="large")) == [("a", 1, 2, "trouble", 1.0)]
    assert outcomes(row("a", plan=judged("simple"), **overflow)) == [("a", 1, 2, "trouble", 1.0)]


def test_what_a_provider_did_or_another_version_saw_says_nothing_of_complexity():
    down = {"outcome": "failed", "cause": "overloaded"}
    assert (
        outcomes(row("a", plan=judged("simple"), final=False, **down), row("a", 1, model="large"))
        == []
    )
    overflow = {"outcome": "failed", "cause": "context_overflow"}
    assert outcomes(row("a", plan=judged("complex"), model="large", **overflow)) == []
    assert outcomes(row("a", plan=judged("simple", SIGNALS + 1), **overflow)) == []
    assert outcomes(row("a", plan=judged("simple"), injected="drill", **overflow)) == []
    assert outcomes(row("a", plan=judged("simple"), asked_model="other", **overflow)) == []


def test_silence_counts_what_it_is_told_to_and_never_beside_a_rating():
    rows = [row("a", plan=judged("simple")), row("b", plan=judged("medium"), model="middle")]
    assert outcomes(*rows) == []
    told = [("a", 0, 0, "silence", 0.2), ("b", 0, 1, "silence", 0.2)]
    assert outcomes(*rows, silence=0.2) == told
    assert outcomes(*rows, silence=0.2, rated=("a",)) == told[1:]


def test_labels_may_be_prompts_or_conversations_and_say_one_tier_or_two():
    lines = [
        '{"prompt": "Hi!", "tier": "simple"}',
        "",
        '{"messages": [{"role": "user", "content": "안녕?"}], "tier": ["medium", "complex"], "id": "x"}',
    ]
    one, two = labelled(lines)
    assert (one.least, one.most, one.language, one.counts["small talk"]) == (0, 0, "other", 1)
    assert (two.id, two.least, two.most, two.language) == ("x", 1, 2, "ko")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"prompt": "a"}',
        '{"prompt": "a", "tier": "hard"}',
        '{"messages": [{"role": 7}], "tier": "simple"}',
    ],
)
def test_a_line_that_is_no_label_is_named(line):
    with pytest.raises(InvalidRequest, match="Line 2"):
        list(labelled(["", line]))


def test_labels_alone_need_no_gateway_and_too_few_teach_nothing(madang, tmp_path):
    file, out = tmp_path / "labels.jsonl", tmp_path / "scorer.json"
    rows = [(one["id"], one["tier"], one[each]) for one in THEMES for each in LANGUAGES]
    lines = [json.dumps({"id": i, "tier": tier, "prompt": text}) + "\n" for i, tier, text in rows]
    file.write_text("".join(lines))
    made = madang("auto", "train", "--labels", file, "--labels-only", "--out", out)
    assert made.exit_code == 0, made.output
    assert "82.5%" in made.output
    assert json.loads(out.read_text())["measured"]["all"]["rules"] == 34
    file.write_text("".join(lines[:29]))
    few = madang("auto", "train", "--labels", file, "--labels-only", "--out", out)
    assert (few.exit_code, "29 examples" in few.output) == (1, True)


def test_one_that_is_no_better_is_written_and_told(madang, tmp_path):
    file, out = tmp_path / "labels.jsonl", tmp_path / "scorer.json"
    lines = [
        json.dumps({"tier": "simple", "prompt": f"Hi number {number}"}) for number in range(40)
    ]
    file.write_text("\n".join(lines))
    made = madang("auto", "train", "--labels", file, "--labels-only", "--out", out)
    assert made.exit_code == 1
    assert "right for 40 of 40 held out, and they for 40" in made.output
    assert out.exists()


def test_a_model_without_tiers_cannot_be_judged_for(madang):
    assert "no tiers" in madang("auto", "train", "--model", "gpt-4.1").output
