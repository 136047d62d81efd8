"""Questions that are alike, through a running gateway with simulated embeddings, which hash words.

Measured with `madang cache measure` first, as anybody has to.
"""

import json

import pytest
from click.testing import CliRunner
from server_gateway import Gateway, eventually

from madang.cli import main

EMBEDDER = "openai/text-embedding-3-small"
QUESTION = "please tell me where the old harbour of the quiet town lies"
ALIKE = "please tell me where the old harbour of the quiet town lies today"
OTHER = "how many boats does a fisherman need in winter"


def pairs(folder, different=400):
    """Hand-made: the same with a word more, and questions of other words."""
    same = [{"a": f"{QUESTION} {n}", "b": f"{ALIKE} {n}", "same": True} for n in range(20)]
    others = [
        {"a": f"{QUESTION} x{n}", "b": f"{OTHER} y{n}", "same": False} for n in range(different)
    ]
    file = folder / "pairs.jsonl"
    file.write_text("\n".join(map(json.dumps, same + others)))
    return file


def measure(gateway, key, folder, *arguments, **made):
    """`madang cache measure` against a gateway."""
    command = ["cache", "measure", str(pairs(folder, **made)), "--embedder", EMBEDDER, "--json"]
    command += ["--out", str(folder / "false-hits.json"), *arguments]
    return CliRunner().invoke(main, [*command, "--url", gateway.url, "--key", key])


@pytest.fixture(scope="module")
def likeness(simulated, tmp_path_factory):
    """A gateway with likeness at 0.9, and what was measured for it."""
    home = tmp_path_factory.mktemp("likeness")
    config = {"providers": simulated.providers()}
    with Gateway(home, config) as running:
        told = measure(running, running.make_key()[1], home, "--threshold", "0.9")
        assert told.exit_code == 0, told.output
        semantic = {"embedder": EMBEDDER, "threshold": 0.9, "measured": "false-hits.json"}
        running.stop()
        running.configure({**config, "cache": {"semantic": semantic}})
        running.start()
        yield running


def ask(gateway, key, text, *, system="Be brief.", path="/v1/chat/completions", **more):
    headers = more.pop("headers", {})
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    body = {"model": "openai/gpt-4.1", "temperature": 0, "messages": messages, **more}
    return gateway.call("POST", path, key, json=body, headers=headers)


def test_a_question_that_is_alike_gets_the_answer_with_its_similarity(likeness):
    key = likeness.make_key()[1]
    first = ask(likeness, key, QUESTION)
    again = ask(likeness, key, ALIKE)
    assert first.headers["x-madang-cache"] == "miss"
    assert again.headers["x-madang-cache"] == "hit"
    assert 0.9 <= float(again.headers["x-madang-similarity"]) < 1
    assert again.json() == first.json()


def test_what_finding_it_cost_is_told_and_entered(likeness, simulated):
    key = likeness.make_key()[1]
    ask(likeness, key, QUESTION)
    before = len(simulated.asked())
    hit = ask(likeness, key, ALIKE)
    assert len(simulated.asked()) == before + 1  # the embedding
    story = eventually(lambda: likeness.story(hit.headers["x-request-id"]))
    assert [one["outcome"] for one in story["attempts"]] == ["ok", "hit"]
    assert [one["final"] for one in story["attempts"]] == [False, True]
    assert story["cost_nusd"] == round(float(hit.headers["x-madang-cost-usd"]) * 1e9) > 0


def test_an_exact_hit_needs_no_embedding(likeness, simulated):
    key = likeness.make_key()[1]
    ask(likeness, key, QUESTION)
    before = len(simulated.asked())
    assert "x-madang-similarity" not in ask(likeness, key, QUESTION).headers
    assert len(simulated.asked()) == before


@pytest.mark.parametrize(
    "more",
    [
        {"system": "Be long."},
        {"model": "openai/gpt-4.1-mini"},
        {"max_tokens": 50},
        {"stream": True},
        {"seed": 3},
        {"headers": {"x-madang-cache": "off"}},
        {"temperature": 1},
    ],
    ids=str,
)
def test_where_anything_else_differs_it_is_asked(likeness, more):
    key = likeness.make_key()[1]
    ask(likeness, key, QUESTION)
    assert ask(likeness, key, ALIKE, **more).headers["x-madang-cache"] != "hit"


def test_other_questions_other_figures_and_other_keys_are_asked(likeness):
    one, other = likeness.make_key()[1], likeness.make_key()[1]
    ask(likeness, one, f"{QUESTION} 17")
    assert ask(likeness, one, OTHER).headers["x-madang-cache"] == "miss"
    assert ask(likeness, one, f"{QUESTION} 18").headers["x-madang-cache"] == "miss"
    assert ask(likeness, other, f"{ALIKE} 17").headers["x-madang-cache"] == "miss"
    assert ask(likeness, one, f"{ALIKE} 17").headers["x-madang-cache"] == "hit"


def test_a_stream_gets_a_stream(likeness):
    key = likeness.make_key()[1]
    first = ask(likeness, key, QUESTION, stream=True)
    again = ask(likeness, key, ALIKE, stream=True)
    assert again.headers["x-madang-cache"] == "hit"
    assert again.content == first.content


def test_a_key_that_may_not_use_the_embedder_has_it_all_the_same(likeness):
    key = likeness.make_key(models=["openai/gpt-4.1"])[1]
    ask(likeness, key, QUESTION)
    assert ask(likeness, key, ALIKE).headers["x-madang-cache"] == "hit"


def test_without_money_for_the_embedding_nothing_is_embedded(likeness, simulated):
    key = likeness.make_key(budget_usd="0.000000001")[1]
    before = len(simulated.asked())
    assert ask(likeness, key, QUESTION).status_code == 402
    assert len(simulated.asked()) == before


def test_an_embedder_that_fails_costs_no_answer(likeness, simulated, tmp_path):
    broken = {"embedder": "openai/missing-embedding", "threshold": 0.9}
    report = json.loads((likeness.home / "false-hits.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps({**report, "embedder": broken["embedder"]}))
    config = {
        "providers": simulated.providers(),
        "cache": {"semantic": {**broken, "measured": "m.json"}},
    }
    with Gateway(tmp_path, config) as gateway:
        answer = ask(gateway, gateway.make_key()[1], QUESTION)
        assert answer.status_code == 200
        assert answer.headers["x-madang-cache"] == "miss"
        story = eventually(lambda: gateway.story(answer.headers["x-request-id"]))
        assert [one["final"] for one in story["attempts"]] == [False, True]


def test_measuring_says_when_there_are_too_few_pairs(likeness, tmp_path):
    told = measure(likeness, likeness.make_key()[1], tmp_path, different=30)
    assert told.exit_code == 1
    assert "too few pairs" in told.output
    assert (tmp_path / "false-hits.json").exists()


def test_measuring_finds_what_a_low_threshold_confuses(likeness, tmp_path):
    """Two questions that share all words but one, of seven: a cosine of about 6/7."""
    file = tmp_path / "pairs.jsonl"
    words = "where does the grey heron stand"
    pair = {"a": f"{words} now", "b": f"{words} never", "same": False}
    file.write_text(json.dumps(pair) + "\n\n" + json.dumps({**pair, "same": True}))
    command = ["cache", "measure", str(file), "--embedder", EMBEDDER, "--threshold", "0.7"]
    command += ["--out", str(tmp_path / "out.json"), "--url", likeness.url]
    told = CliRunner().invoke(main, [*command, "--key", likeness.make_key()[1]])
    assert told.exit_code == 1
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["measured"]["false_hit_rate"] == 1
    assert report["measured"]["hits"] == 1
    assert "1 of 1" in told.output


def test_a_line_that_is_no_pair_is_named(likeness, tmp_path):
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"a": "x", "b": "y", "same": true}\n{"a": "x"}\n')
    told = CliRunner().invoke(
        main, ["cache", "measure", str(file), "--embedder", "e", "--key", "k"]
    )
    assert told.exit_code == 2
    assert "Line 2" in told.output
