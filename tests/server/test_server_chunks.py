"""Long inputs: split where the caller asks for it, answered as one request, priced and reserved before it runs."""

import httpx
import pytest
from server_answers import error, http
from server_chunks import PATHS, TEXT, WINDOW, ask, asking, pieces, strings, usage
from server_gateway import KINDS, Gateway, eventually, settings

MODELS = {
    **{
        f"brief-{name}": {"targets": [f"{name}/brief-{name}"], "context_window": WINDOW}
        for name in KINDS
    },
    "tiny": {"targets": ["oa/tiny"], "context_window": 1500},
    "unknown": {"targets": ["oa/nobody-knows"]},
    "second": {"targets": ["oa/failing", "an/second"], "context_window": WINDOW},
    "refusing": {"targets": ["oa/refusing"], "context_window": WINDOW},
    "slow": {"targets": ["oa/slow-chunks"], "context_window": WINDOW},
}
PLAN = {"x-madang-chunk": "plan"}
PRICES = [
    {"provider": name, "model": f"brief-{name}", "in": 1, "out": 2, "from": "2026-01-01"}
    for name in KINDS
]


@pytest.fixture(scope="module")
def brief(provider, tmp_path_factory):
    """A gateway whose models have small windows, at $1 and $2 per million tokens."""
    config = {**settings(provider.port, MODELS), "prices": PRICES}
    with Gateway(tmp_path_factory.mktemp("brief"), config) as running:
        yield running


@pytest.fixture(scope="module")
def key(brief):
    return brief.make_key("chunks")[1]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dialect", PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_dialect_gets_one_answer_with_the_usage_of_all(
    brief, key, provider, dialect, name, stream
):
    before = len(provider.asked[f"brief-{name}"])
    answer = ask(brief, key, dialect, f"brief-{name}", stream=stream)
    assert answer.status_code == 200, answer.text
    asked = provider.asked[f"brief-{name}"][before:]
    assert "".join(pieces(asked)) == TEXT
    assert int(answer.headers["x-madang-chunks"]) == len(pieces(asked))
    assert usage(dialect, answer) == (11 * len(asked), 7 * len(asked))
    assert "Hello" in answer.text


def test_the_last_request_has_the_answers_in_their_order_and_the_question(brief, key, provider):
    async def by_number(visit):
        said = "\n".join(strings(visit.asked.json))
        number = said.partition("Below is piece ")[2].partition(" ")[0]
        await visit.answer(text=f"answer {number}" if number else "all of it")

    provider.scripts["brief-oa"] = by_number
    answer = ask(brief, key, "chat", "brief-oa")
    del provider.scripts["brief-oa"]
    assert answer.json()["choices"][0]["message"]["content"] == "all of it"
    last = "\n".join(strings(provider.last("brief-oa").json))
    numbers = range(1, int(answer.headers["x-madang-chunks"]) + 1)
    places = [last.index(f"answer {number}\n") for number in numbers]
    assert "Summarise." in last
    assert places == sorted(places)


def test_everything_is_one_request_whose_cost_is_the_sum(brief, key):
    answer = ask(brief, key, "messages", "brief-an")
    story = eventually(lambda: brief.story(answer.headers["x-request-id"]))
    requests = int(answer.headers["x-madang-chunks"]) + 1
    assert len(story["attempts"]) == requests
    assert story["cost_nusd"] == requests * (11 * 1000 + 7 * 2000)
    assert float(answer.headers["x-madang-cost-usd"]) == story["cost_nusd"] / 1e9
    assert [one["final"] for one in story["attempts"]] == [False] * (requests - 1) + [True]
    assert story["attempts"][0]["detail"] == f"piece 1 of {requests - 1}"


def test_what_fits_is_one_ordinary_request(brief, key, provider):
    before = len(provider.asked["brief-oa"])
    body = asking("chat", "brief-oa", "A short text.")
    headers = {"x-madang-chunk": "map-reduce"}
    answer = brief.call("POST", PATHS["chat"], key, json=body, headers=headers)
    assert answer.headers["x-madang-chunks"] == "1"
    assert len(provider.asked["brief-oa"]) == before + 1
    assert provider.last("brief-oa").json["messages"] == body["messages"]


@pytest.mark.parametrize("dialect", PATHS)
def test_a_plan_costs_nothing_and_is_never_below_what_it_then_costs(brief, key, provider, dialect):
    before = len(provider.asked["brief-ge"])
    plan = ask(brief, key, dialect, "brief-ge", headers=PLAN).json()
    assert len(provider.asked["brief-ge"]) == before
    answer = ask(brief, key, dialect, "brief-ge")
    assert plan["pieces"] == int(answer.headers["x-madang-chunks"])
    assert plan["requests"] == plan["pieces"] + 1
    assert plan["estimated_input_tokens"] > plan["pieces"] * WINDOW // 2
    assert float(plan["most_cost_usd"]) >= float(answer.headers["x-madang-cost-usd"]) > 0


def test_no_piece_is_asked_where_the_budget_does_not_cover_all(brief, provider):
    plan = ask(brief, brief.make_key("rich")[1], "chat", "brief-oa", headers=PLAN).json()
    most_usd = float(plan["most_cost_usd"])
    poor, rich = (
        brief.make_key("m", budget_usd=f"{usd:.9f}")[1]
        for usd in (most_usd * 0.999, most_usd * 1.001)
    )
    before = len(provider.asked["brief-oa"])
    assert ask(brief, poor, "chat", "brief-oa").status_code == 402
    assert len(provider.asked["brief-oa"]) == before
    assert ask(brief, rich, "chat", "brief-oa").status_code == 200
    assert ask(brief, rich, "chat", "brief-oa").status_code == 402


def test_what_was_reserved_and_not_used_can_be_used_again(brief):
    plan = ask(brief, brief.make_key("rich")[1], "chat", "brief-oa", headers=PLAN).json()
    budget = f"{float(plan['most_cost_usd']) + 0.001:.9f}"
    key = brief.make_key("m", budget_usd=budget)[1]
    spent = [float(ask(brief, key, "chat", "brief-oa").headers["x-madang-cost-usd"])]
    assert spent[0] < 0.001
    assert ask(brief, key, "chat", "brief-oa").status_code == 200


def test_it_counts_as_one_request_with_the_tokens_of_all(brief):
    key = brief.make_key("limited", rpm=1, tpm=1_000_000)[1]
    answer = ask(brief, key, "chat", "brief-oa")
    left = int(answer.headers["x-ratelimit-remaining-tokens"])
    assert answer.status_code == 200
    assert left < 1_000_000 - int(answer.headers["x-madang-chunks"]) * WINDOW // 2
    assert ask(brief, key, "chat", "brief-oa").status_code == 429


@pytest.mark.parametrize(
    ("model", "more", "code"),
    [
        ("brief-oa", {"tools": [{"type": "function", "function": {"name": "f"}}]}, "unsupported"),
        ("brief-oa", {"n": 2}, "unsupported"),
        ("brief-oa", {"messages": [{"role": "system", "content": "x"}]}, "nothing_to_split"),
        ("brief-oa", {"max_tokens": 3900}, "nothing_to_split"),
        ("brief-oa", {"messages": [{"role": "user", "content": TEXT * 60}]}, "too_many_pieces"),
        ("unknown", {}, "window_unknown"),
    ],
)
def test_what_cannot_be_split_is_refused_with_its_reason(brief, key, provider, model, more, code):
    before = provider.counts()
    refused = ask(brief, key, "chat", model, **more)
    assert refused.status_code == 400
    assert code in refused.json()["error"]["code"]
    assert before == provider.counts()


@pytest.mark.parametrize(
    "headers",
    [
        {"x-madang-chunk": "yes"},
        {"x-madang-chunk-of": "system"},
        {"x-madang-chunk": "map-reduce", "x-madang-chunk-of": "system"},
    ],
)
def test_a_wish_that_nobody_knows_is_refused(brief, key, headers):
    body = asking("chat", "brief-oa", "x")
    answer = brief.call("POST", PATHS["chat"], key, json=body, headers=headers)
    assert answer.status_code == 400


def test_embeddings_and_legacy_completions_are_not_split(brief, key):
    for path, body in (("completions", {"prompt": "x"}), ("embeddings", {"input": "x"})):
        body["model"] = "brief-oa"
        answer = brief.call("POST", f"/v1/{path}", key, json=body, headers=PLAN)
        assert answer.status_code in {400, 404}


def test_a_piece_that_one_target_fails_goes_to_the_next(brief, key, provider):
    async def fail(visit):
        await visit.send(http(error("openai", 500), 500))

    provider.plays("failing", fail)
    answer = ask(brief, key, "chat", "second")
    assert answer.status_code == 200
    assert "".join(pieces(provider.asked["second"])) == TEXT


def test_a_piece_that_fails_ends_the_request_which_is_one_in_the_ledger(brief, key, provider):
    async def refuse_the_second(visit):
        if visit.nth == 2:
            await visit.send(http(error("openai", 400, "not this one"), 400))
        else:
            await visit.answer()

    provider.plays("refusing", refuse_the_second)
    answer = ask(brief, key, "chat", "refusing")
    assert answer.status_code == 400
    assert "not this one" in answer.text
    story = eventually(lambda: brief.story(answer.headers["x-request-id"]))
    assert [one["final"] for one in story["attempts"]].count(True) == 1
    assert story["outcome"] == "failed"


def test_the_deadline_is_that_of_the_whole(brief, key, provider):
    async def never(visit):
        await visit.gone(5)

    provider.plays("slow-chunks", never)
    answer = ask(brief, key, "chat", "slow", headers={"x-madang-deadline-ms": "300"})
    assert answer.status_code == 504
    assert answer.elapsed.total_seconds() < 3


def test_many_answers_are_combined_step_by_step(brief, key, provider):
    async def wordy(visit):
        await visit.answer(text="Quiet boats in the harbour. " * 25)

    provider.plays("tiny", wordy)
    messages = [{"role": "user", "content": TEXT * 3}]
    answer = ask(brief, key, "chat", "tiny", messages=messages)
    assert answer.status_code == 200, answer.text
    said = ["\n".join(strings(one.json)) for one in provider.asked["tiny"]]
    assert "".join(pieces(provider.asked["tiny"])) == TEXT * 3
    assert any("to some of its pieces" in one for one in said)
    assert len(said) == int(answer.headers["x-madang-attempts"])


def test_a_response_is_held_with_what_the_caller_sent(brief, key, provider):
    answer = ask(brief, key, "responses", "brief-an").json()
    body = {"model": "unknown", "input": "And then?", "previous_response_id": answer["id"]}
    assert brief.call("POST", "/v1/responses", key, json=body).status_code == 200
    told = strings(provider.last("nobody-knows").json)
    assert TEXT in told
    assert not any("<piece>" in one for one in told)


def test_with_an_idempotency_key_it_is_charged_once(brief, key, provider):
    headers = {"idempotency-key": "long-1"}
    first = ask(brief, key, "chat", "brief-oa", headers=headers)
    before = len(provider.asked["brief-oa"])
    again = ask(brief, key, "chat", "brief-oa", headers=headers)
    assert again.content == first.content
    assert len(provider.asked["brief-oa"]) == before


def test_of_pieces_that_end_together_one_is_final(brief, key):
    answer = ask(brief, key, "chat", "slow", headers={"x-madang-deadline-ms": "200"})
    story = eventually(lambda: brief.story(answer.headers["x-request-id"]))
    assert [one["final"] for one in story["attempts"]].count(True) == 1


def test_a_caller_who_leaves_ends_all_pieces(brief, key, provider):
    """Judged by the provider's connections: each is closed at once."""
    asked, left = len(provider.asked["slow-chunks"]), provider.open
    with pytest.raises(httpx.TimeoutException):
        ask(brief, key, "chat", "slow", timeout=0.3)
    assert len(provider.asked["slow-chunks"]) > asked
    eventually(lambda: provider.open <= left)
