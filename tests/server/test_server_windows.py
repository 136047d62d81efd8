"""Windows are guarded: what cannot fit is lowered, moved to a larger window, or refused before anybody is asked."""

import json

import pytest
from server_callers import ASK, refused
from server_gateway import DIALECTS, KINDS, Gateway, eventually, settings

WORDS = "The harbour was quiet and the boats were still. "
WINDOW = 2000
MODELS = {
    **{
        f"small-{name}": {"targets": [f"{name}/small-{name}"], "context_window": WINDOW}
        for name in KINDS
    },
    "growing": {
        "targets": ["oa/grows-1", "oa/grows-2"],
        "context_window": WINDOW,
        "fallback": [{"on": ["context_overflow"], "to": "wide"}],
    },
    "wide": {"targets": ["an/wide"], "context_window": 100_000},
    "long": {
        "targets": ["oa/usual"],
        "long_context": {"to": "ge/for-long-ones", "threshold_tokens": 3000},
    },
    "brief": {"targets": ["oa/brief"], "max_output": 100},
}
LOWERED = {
    "oa": lambda sent: sent.get("max_tokens", sent.get("max_completion_tokens")),
    "an": lambda sent: sent["max_tokens"],
    "ge": lambda sent: sent["generationConfig"]["maxOutputTokens"],
}
ASKING = {
    "chat": {"max_tokens": 5000},
    "messages": {"max_tokens": 5000},
    "gemini": {"config": {"max_output_tokens": 5000}},
}


@pytest.fixture(scope="module")
def narrow(provider, tmp_path_factory):
    """A gateway whose models have small windows."""
    with Gateway(tmp_path_factory.mktemp("narrow"), settings(provider.port, MODELS)) as running:
        yield running


def chat(gateway, model, words, **more):
    messages = [{"role": "user", "content": WORDS * (words // 10)}]
    return gateway.call(
        "POST", "/v1/chat/completions", json={"model": model, "messages": messages, **more}
    )


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_bound_that_cannot_fit_is_lowered_in_every_pair(narrow, provider, dialect, name):
    key = narrow.make_key("wordy")[1]
    assert ASK[dialect](narrow.url, key, f"small-{name}", **ASKING[dialect]).text
    bound = LOWERED[name](provider.last(f"small-{name}").json)
    assert WINDOW - 100 < bound < WINDOW


def test_what_is_lowered_is_declared(narrow, provider):
    answer = chat(narrow, "small-oa", 500, max_tokens=5000)
    assert answer.headers["x-madang-lossy"] == "max_tokens"
    assert eventually(lambda: narrow.story(answer.headers["x-request-id"]))["losses"] == [
        "max_tokens"
    ]
    assert 500 < provider.last("small-oa").json["max_tokens"] < 1500


def test_a_bound_that_fits_goes_through_untouched(narrow, provider):
    answer = chat(narrow, "small-oa", 500, max_tokens=900)
    assert "x-madang-lossy" not in answer.headers
    assert provider.last("small-oa").json["max_tokens"] == 900


def test_never_below_sixteen(narrow, provider):
    assert chat(narrow, "small-oa", 1800, max_tokens=900).status_code == 200
    assert provider.last("small-oa").json["max_tokens"] == 16


def test_a_model_that_answers_briefly_is_asked_for_no_more(narrow, provider):
    assert chat(narrow, "brief", 10, max_tokens=900).headers["x-madang-lossy"] == "max_tokens"
    assert provider.last("brief").json["max_tokens"] == 100
    assert "x-madang-lossy" not in chat(narrow, "brief", 10).headers


def test_the_rest_of_the_body_stays_as_it_came(narrow, provider):
    odd = {"metadata": {"a": 1.0}, "x-unknown": [1, {"b": None}], "max_completion_tokens": 400}
    chat(narrow, "brief", 10, **odd)
    sent = provider.last("brief").json
    assert {name: sent[name] for name in odd} == {**odd, "max_completion_tokens": 100}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_prompt_that_is_certainly_too_long_is_refused_without_asking(narrow, provider, dialect):
    key = narrow.make_key("novelist")[1]
    said = {"contents": WORDS * 500} if dialect == "gemini" else None
    said = said or {"messages": [{"role": "user", "content": WORDS * 500}]}
    before = provider.counts()
    refusal = refused(dialect, narrow.url, key, "small-oa", **said)
    assert refusal.status == 400
    assert "2,000" in refusal.message
    assert dialect == "messages" or "context_length_exceeded" in json.dumps(refusal.body)
    assert before == provider.counts()


def test_or_goes_straight_to_a_larger_window(narrow, provider):
    answer = chat(narrow, "growing", 5000)
    assert answer.headers["x-madang-provider"] == "an"
    assert answer.headers["x-madang-attempts"] == "1"
    assert not provider.asked["grows-1"]
    assert not provider.asked["grows-2"]


def test_in_between_the_provider_decides(narrow, provider):
    assert chat(narrow, "growing", 2300).headers["x-madang-provider"] == "oa"
    assert len(provider.asked["grows-1"]) == 1


def test_long_prompts_take_the_way_for_long_prompts(narrow, provider):
    assert chat(narrow, "long", 2000).headers["x-madang-provider"] == "oa"
    assert chat(narrow, "long", 4000).headers["x-madang-provider"] == "ge"
    assert (len(provider.asked["usual"]), len(provider.asked["for-long-ones"])) == (1, 1)
