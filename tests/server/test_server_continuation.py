"""With `x-madang-continue: allow` a stream that breaks is gone on with by another target, as one stream."""

import asyncio
import itertools
import json

import pytest
import server_answers as answers
from server_callers import Said, openai_at
from server_continuing import (
    AFTER,
    ALLOW,
    BEFORE,
    CALL,
    ERRORS,
    FAILURES,
    FAULTS,
    OWN,
    SEAM,
    WHOLE,
    Pair,
    ask,
    attempts,
    breaks_by,
    cut,
    reset,
    says,
    stall,
    story,
    targets,
    told,
)
from server_gateway import KINDS, Gateway, eventually, settings
from server_sockets import Caller, asking, request

from madang.cli.explain import tell

MODELS = {
    f"{length}-{first}-{number}": {"targets": targets(first, number)[:length]}
    for length in (2, 3)
    for first in KINDS
    for number in range(100)
}


@pytest.fixture(scope="module")
def going(provider, tmp_path_factory):
    """A gateway whose models have two or three targets of different kinds. A target that fails will rest."""
    config = settings(provider.port, MODELS)
    with Gateway(tmp_path_factory.mktemp("going"), config) as running:
        yield running


@pytest.fixture(scope="module")
def caller(going):
    return going.make_key("caller")[1]


@pytest.fixture(scope="module")
def play(provider):
    """Give scripts to the targets of a fresh model, of which the first speaks the dialect."""
    numbers = itertools.count()

    def play(dialect, *scripts):
        first = OWN[dialect]
        number = next(numbers)
        names = [target.partition("/")[2] for target in targets(first, number)]
        for name, script in zip(names, scripts, strict=False):
            provider.plays(name, script)
        return Pair(f"{max(2, len(scripts))}-{first}-{number}", *names[1:])

    return play


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("dialect", OWN)
def test_a_stream_that_breaks_is_one_stream(going, provider, caller, play, dialect, fault):
    """The text is that of both, the tokens are the sum of both, and the ledger knows the seam."""
    pair = play(dialect, breaks_by(fault, *BEFORE), says(*AFTER))
    said = ask(going.url, caller, dialect, pair.model)
    assert said.text == WHOLE
    assert said.stop in {"stop", "end_turn", "STOP", "completed"}
    cut_off, rest = attempts(going)
    assert (cut_off["outcome"], cut_off["final"]) == ("cut", False)
    assert (rest["outcome"], rest["final"]) == ("ok", True)
    assert cut_off["output_tokens"] > 0
    assert cut_off["cause"] in {"broken", "timeout", "overloaded", "provider_failed", "unreachable"}
    assert (
        rest["detail"]
        == f"asked to go on at character {SEAM}, after {cut_off['provider']}/{cut_off['model']}"
    )
    sums = [cut_off[name] + rest[name] for name in ("input_tokens", "output_tokens")]
    assert list(said.tokens) == sums


@pytest.mark.parametrize("dialect", OWN)
def test_text_and_failure_may_come_in_one_piece(going, caller, play, dialect):
    async def breaks(visit):
        kind = visit.asked.kind
        begun = answers.opening(kind, visit.asked.model, BEFORE)
        await visit.send(answers.sse_head() + b"".join(map(answers.chunk, [*begun, ERRORS[kind]])))

    pair = play(dialect, breaks, says(*AFTER))
    assert ask(going.url, caller, dialect, pair.model).text == WHOLE
    assert told(going, "outcome") == ["cut", "ok"]


@pytest.mark.parametrize("dialect", OWN)
def test_the_second_is_told_the_exact_text(going, provider, caller, play, dialect):
    """As the assistant's own words, after what the caller asked, and before the request to go on."""
    pair = play(dialect, breaks_by(cut, *BEFORE), says(*AFTER))
    ask(going.url, caller, "chat", pair.model)
    body = provider.last(pair.second).json
    turns = body.get("messages") or body["contents"]
    assert [turn["role"] for turn in turns] in (
        ["user", role, "user"] for role in ("assistant", "model")
    )
    content = turns[1].get("content") or turns[1]["parts"]
    text = content if isinstance(content, str) else "".join(part["text"] for part in content)
    assert text == "".join(BEFORE)


@pytest.mark.parametrize("dialect", OWN)
def test_without_the_header_it_ends_in_an_error(going, provider, caller, play, dialect):
    pair = play(dialect, breaks_by(cut, *BEFORE))
    with pytest.raises(FAILURES):
        ask(going.url, caller, dialect, pair.model, headers={})
    assert not provider.asked[pair.second]
    assert told(going, "outcome") == ["cut"]


@pytest.mark.parametrize("dialect", OWN)
def test_a_tool_call_is_never_gone_on_with(going, provider, caller, play, dialect):
    pair = play(dialect, breaks_by(cut, *BEFORE, calls=[CALL]))
    with pytest.raises(FAILURES):
        ask(going.url, caller, dialect, pair.model)
    assert not provider.asked[pair.second]
    assert told(going, "outcome") == ["cut"]


@pytest.mark.parametrize("dialect", OWN)
def test_the_second_may_call_a_tool(going, caller, play, dialect):
    said = says("ther.", calls=[CALL])
    pair = play(dialect, breaks_by(cut, *BEFORE), said)
    answer = ask(going.url, caller, dialect, pair.model)
    assert answer.text == "".join(BEFORE) + "ther."
    if dialect != "responses":
        assert answer.calls == [("weather", {"city": "Seoul"})]


@pytest.mark.parametrize("dialect", OWN)
def test_where_nobody_can_go_on_it_fails_once(going, provider, caller, play, dialect):
    """With the error of the stream; the request is final with what its caller has got."""

    async def refuses(visit):
        await visit.send(answers.http(answers.error(visit.asked.kind, 500), 500))

    pair = play(dialect, breaks_by(cut, *BEFORE), refuses)
    with pytest.raises(FAILURES):
        ask(going.url, caller, dialect, pair.model)
    assert told(going, "outcome") == ["cut", "failed"]
    assert told(going, "final") == [True, False]


def test_it_may_break_again(going, caller, play):
    again = breaks_by(reset, "ther ", "sword")
    pair = play("chat", breaks_by(cut, *BEFORE), again, says(" nor crown."))
    said = ask(going.url, caller, "chat", pair.model)
    assert said.text == WHOLE
    assert told(going, "outcome") == ["cut", "cut", "ok"]
    assert told(going, "final") == [False, False, True]
    assert said.tokens[1] == sum(told(going, "output_tokens"))
    assert f"at character {SEAM + len('ther sword')}, after an/" in told(going, "detail")[2]


def test_it_is_explained(going, caller, play):
    """`madang explain` says where the second went on; nobody has "said" that."""
    pair = play("chat", breaks_by(cut, *BEFORE), says(*AFTER))
    ask(going.url, caller, "chat", pair.model)
    lines = tell(story(going))
    assert any("broke off in the middle of its answer" in line for line in lines)
    assert any(line.startswith(f"   asked to go on at character {SEAM}") for line in lines)


def test_the_error_event_comes_once(going, caller, play):
    pair = play("chat", *[breaks_by(cut, "begun, ")] * 3)
    with Caller(going.port) as raw:
        lines = ("connection: close", "x-madang-continue: allow")
        raw.say(request(asking(pair.model, stream=True), caller, *lines))
        heard = raw.hear_all()
    assert heard.count(b'"error"') == 1
    assert heard.count(b"data: [DONE]") == 1
    assert heard.count(b"begun, ") == 3
    assert told(going, "outcome") == ["cut", "cut", "cut"]


@pytest.mark.parametrize("dialect", OWN)
def test_what_the_second_repeats_is_left_out(going, caller, play, dialect):
    again = says("there was a ", "king, 왕, who", " had nei", *AFTER)
    pair = play(dialect, breaks_by(cut, *BEFORE), again)
    assert ask(going.url, caller, dialect, pair.model).text == WHOLE


def test_thoughts_of_the_second_are_left_out(going, caller, play):
    """No format has a place for thoughts within a text; the ledger names the loss."""

    async def thinks(visit):
        whole = answers.events("gemini", texts=AFTER)
        thought = whole[0].replace(b'"text": "ther sword"', b'"text": "hm", "thought": true')
        assert b"hm" in thought
        events = [thought, *whole]
        await visit.send(answers.sse_head(), *map(answers.chunk, events), answers.LAST_CHUNK)

    pair = play("messages", breaks_by(cut, *BEFORE), thinks)
    assert ask(going.url, caller, "messages", pair.model).text == WHOLE
    assert told(going, "losses")[1] == ["thinking"]


def test_a_format_that_is_enforced_is_asked_for_in_words(going, provider, caller, play):
    """A provider that enforces it would begin a new object."""
    pair = play("chat", breaks_by(cut, '{"king": '), says('"none"}'))
    schema = {"type": "object", "properties": {"king": {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    assert (
        ask(going.url, caller, "chat", pair.model, response_format=form).text == '{"king": "none"}'
    )
    body = provider.last(pair.second).json
    assert "king" in str(body["system"])
    assert "output_config" not in body


def test_the_second_has_what_is_left_of_the_bound(going, provider, caller, play):
    pair = play("messages", breaks_by(cut, "word " * 80), says("."))
    ask(going.url, caller, "messages", pair.model, max_tokens=150)
    bounds = provider.last(pair.second).json["generationConfig"]
    assert bounds["maxOutputTokens"] == 150 - 100


def test_legacy_completions_go_on_too(going, caller, play):
    pair = play("chat", breaks_by(cut, *BEFORE), says(*AFTER))
    with openai_at(going.url, caller) as client:
        stream = client.completions.create(
            model=pair.model, prompt="hi", stream=True, extra_headers=ALLOW
        )
        assert "".join(chunk.choices[0].text for chunk in stream) == WHOLE


def test_what_a_policy_refuses_is_not_asked_of_another(going, provider, caller, play):
    refusal = {"message": "no", "type": "invalid_request_error", "code": "content_filter"}

    async def refuses(visit):
        event = b"data: %b\n\n" % json.dumps({"error": refusal}).encode()
        await visit.send(answers.chunk(event))

    pair = play("chat", breaks_by(refuses, *BEFORE), says(*AFTER))
    with pytest.raises(FAILURES):
        ask(going.url, caller, "chat", pair.model)
    assert told(going, "cause") == ["content_filter"]
    assert not provider.asked[pair.second]


def test_several_answers_are_not_gone_on_with(going, caller, play):
    pair = play("chat", breaks_by(cut, *BEFORE))
    with pytest.raises(FAILURES):
        ask(going.url, caller, "chat", pair.model, n=2)


def test_an_answer_that_only_lacks_its_end_is_whole(going, caller, play):
    """The reason to stop is there, so there is nothing to go on with."""

    async def script(visit):
        events = answers.events("openai", texts=[*BEFORE, *AFTER])[:-2]
        await visit.send(answers.sse_head(), *map(answers.chunk, events))
        await asyncio.sleep(0.05)
        visit.reset()

    pair = play("chat", script)
    said = Said(WHOLE, [], "stop", (0, 0))
    with openai_at(going.url, caller) as client:
        stream = client.chat.completions.create(
            model=pair.model,
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            extra_headers=ALLOW,
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == said.text
    assert told(going, "outcome") == ["ok"]


def test_a_caller_who_leaves_meanwhile_leaves_the_second(going, provider, caller, play):
    left = []

    async def waits(visit):
        left.append(await visit.gone(5))

    pair = play("chat", breaks_by(cut, *BEFORE), waits)
    raw = Caller(going.port)
    lines = ("x-madang-continue: allow",)
    raw.say(request(asking(pair.model, stream=True), caller, *lines)).hear(b"nei")
    eventually(lambda: provider.asked[pair.second])
    raw.close()
    assert eventually(lambda: left)
    assert eventually(lambda: going.status()["in_flight"] == 0)
    assert eventually(lambda: told(going, "outcome") == ["cut", "client_closed"])
    assert min(told(going, "input_tokens")) > 0


def test_the_deadline_holds_for_all_of_it(going, provider, caller, play):
    """It comes while the second is silent, so there is no third, and the stream ends in its error."""
    pair = play("chat", breaks_by(cut, *BEFORE), stall, says("never"))
    with pytest.raises(FAILURES):
        ask(going.url, caller, "chat", pair.model, {**ALLOW, "x-madang-deadline-ms": "300"})
    assert told(going, "outcome") == ["cut", "failed"]
    assert not provider.asked[pair.third]


def test_a_limited_key_pays_for_another_request(going, provider, play):
    pair = play("chat", breaks_by(cut, *BEFORE), says(*AFTER))
    _, poor = going.make_key("poor", rpm=1)
    with pytest.raises(FAILURES):
        ask(going.url, poor, "chat", pair.model)
    assert not provider.asked[pair.second]
    _, rich = going.make_key("rich", rpm=2)
    assert ask(going.url, rich, "chat", pair.model).text == WHOLE


def test_a_conversation_that_is_held_has_the_joined_answer(going, provider, caller, play):
    pair = play("chat", breaks_by(cut, *BEFORE), says(*AFTER))
    with openai_at(going.url, caller) as client:
        with client.responses.stream(model=pair.model, input="hi", extra_headers=ALLOW) as stream:
            made = stream.get_final_response()
        assert client.responses.retrieve(made.id).output_text == WHOLE
        client.responses.create(model="ge/remembers", input="And?", previous_response_id=made.id)
    assert WHOLE in str(provider.last("remembers").json["contents"][1])


def test_it_goes_with_less_than_the_whole_request(going, provider, caller, play):
    """With `x-madang-lossy: allow` the second answers without what its format has no words for."""
    pair = play("chat", breaks_by(cut, *BEFORE), says(*AFTER))
    with pytest.raises(FAILURES):
        ask(going.url, caller, "chat", pair.model, logprobs=True)
    both = {**ALLOW, "x-madang-lossy": "allow"}
    assert ask(going.url, caller, "chat", pair.model, both, logprobs=True).text == WHOLE
    assert told(going, "outcome") == ["cut", "failed", "ok"]  # the second was passed over at first
    assert "logprobs" in told(going, "losses")[-1]


def test_the_header_knows_one_word(gateway, key):
    headers = {"x-madang-continue": "yes"}
    answer = gateway.call("POST", "/v1/chat/completions", key, json=asking("oa/m"), headers=headers)
    assert answer.status_code == 400
    assert "x-madang-continue" in answer.text
