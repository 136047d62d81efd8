"""Items that a caller only names, as Vercel's AI SDK does by default: the next model is told them."""

import json

import openai
import pytest
from server_callers import openai_at
from server_gateway import ADMIN_KEY

MODELS = ["claude-sonnet-4", "gemini-2.5-flash", "mistral-large"]
THINKING = {"reasoning": {"effort": "high"}}


@pytest.fixture
def client(vendors):
    with openai_at(vendors.url, ADMIN_KEY) as client:
        yield client


def named(answer):
    """The items of an answer as references."""
    return [{"type": "item_reference", "id": item.id} for item in answer.output]


@pytest.mark.parametrize("model", [*MODELS, "gpt-4.1"])
def test_whoever_answers_next_is_told_what_the_caller_names(client, simulated, model):
    """Also a provider of this very dialect, which never made the items."""
    first = client.responses.create(model="claude-sonnet-4", input="Say the word kumquat")
    asked = [{"role": "user", "content": "Hello"}, *named(first), {"role": "user", "content": "?"}]
    raw = client.responses.with_raw_response.create(model=model, input=asked)
    assert "3 messages" in raw.parse().output_text
    assert b"kumquat" in simulated.last().body
    assert b"_mdg_" not in simulated.last().body
    assert "x-madang-lossy" not in raw.headers


@pytest.mark.parametrize("typed", [True, False])
def test_a_long_conversation_of_references_is_whole(client, typed):
    """`type` may be left out of a reference."""
    history = []
    for turn in range(4):
        history.append({"role": "user", "content": f"This is {turn}."})
        answer = client.responses.create(model=MODELS[turn % 2], input=history)
        told = named(answer)
        history += told if typed else [{"id": one["id"]} for one in told]
    assert "7 messages" in answer.output_text


def test_thoughts_come_home_by_reference(client, simulated):
    first = client.responses.create(model="claude-sonnet-4", input="Hello", **THINKING)
    assert [item.type for item in first.output] == ["reasoning", "message"]
    asked = [{"role": "user", "content": "Hello"}, *named(first), {"role": "user", "content": "?"}]
    client.responses.create(model="claude-sonnet-4", input=asked, **THINKING)
    answered = json.loads(simulated.last().body)["messages"][1]["content"]
    assert [block["type"] for block in answered] == ["thinking", "text"]
    assert answered[0]["signature"]


def test_what_nobody_holds_is_refused_as_openai_does(client, vendors):
    unkept = client.responses.create(model="claude-sonnet-4", input="Hello", store=False)
    kept = client.responses.create(model="claude-sonnet-4", input="Hello")
    with openai_at(vendors.url, vendors.make_key("stranger")[1]) as other:
        for caller, answer in ((client, unkept), (other, kept)):
            with pytest.raises(openai.NotFoundError, match="not found") as refused:
                caller.responses.create(model="claude-sonnet-4", input=named(answer))
            assert answer.output[0].id in refused.value.message


@pytest.mark.parametrize(
    "identity", ["_mdg_", "msg_mdg_' OR 1=1 --_0", "msg_mdg_\u0000_1", "x_mdg_" * 1000]
)
def test_strange_ids_are_refused_and_no_failure_of_ours(client, identity):
    with pytest.raises(openai.NotFoundError):
        client.responses.create(
            model="claude-sonnet-4", input=[{"type": "item_reference", "id": identity}]
        )


def test_an_item_that_its_answer_never_had_is_refused(client):
    made = client.responses.create(model="claude-sonnet-4", input="Hello").output[0].id
    with pytest.raises(openai.NotFoundError):
        client.responses.create(
            model="claude-sonnet-4",
            input=[{"type": "item_reference", "id": made.rpartition("_")[0] + "_99"}],
        )


def test_one_request_looks_up_a_bounded_number_of_answers(client):
    named_apart = []
    for turn in range(65):
        answer = client.responses.create(model="claude-sonnet-4", input=f"This is {turn}.")
        named_apart += named(answer)
    with pytest.raises(openai.BadRequestError, match="64 separate answers"):
        client.responses.create(model="claude-sonnet-4", input=named_apart)
