"""The plan for a long text: every request of it fits 80 % of the window by the estimate, and there are not too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest
from madang.model import Document, Message, Reasoning, Request, Target, Text
from madang.pipeline.pieces.chunk_plan import FILLED, grouped, plan_of, share_of_answer
from madang.routing.route import Route
from madang.wire.map_reduce import Place, text_at
from madang.wire.prompt import estimate_request

WORDS = "The harbour was quiet. 배들은 조용했습니다. 港は静かだった。\n\n"
MODELS = ("gpt-4.1", "claude-sonnet-4", "gemini-2.5-pro", "deepseek-chat")


def asked(text, *, system="Be brief.", question=None, **more):
    parts = (Text(question), Text(text)) if question else (Text(text),)
    turns = (Message("user", (Text("Hi"),)), Message("assistant", (Text("Hello"),)))
    messages = (*turns, Message("user", parts))
    return Request(dialect="chat", model="m", system=(Text(system),), messages=messages, **more)


def leading_to(*windows, model="gpt-4.1"):
    targets = (Target("p", model, "chat", model, context_window=one) for one in windows)
    return Route("m", tuple(targets))


@given(
    model=st.sampled_from(MODELS),
    window=st.integers(4000, 40_000),
    times=st.integers(100, 800),
    bound=st.none() | st.integers(1, 600),
    question=st.none() | st.just("What is it about?"),
)
def test_every_request_fits_with_its_answer(model, window, times, bound, question):
    text = WORDS * times
    plan = plan_of(asked(text, question=question), leading_to(window, model=model), bound)
    assert "".join(plan.pieces) == text
    if len(plan.pieces) > 1:
        for number, piece in enumerate(plan.pieces, 1):
            request = plan.frame.piece(piece, number, len(plan.pieces), plan.bound)
            assert estimate_request(request, model) + plan.bound <= FILLED * window


@given(window=st.integers(3000, 20_000), lengths=st.lists(st.integers(0, 1500), min_size=1))
def test_answers_that_go_together_fit_with_the_final_answer(window, lengths):
    plan = plan_of(asked(WORDS * 800), leading_to(window), 100)
    answers = [WORDS[:50] * (length // 50) for length in lengths]
    shares = [share_of_answer(plan, text, at) for at, text in enumerate(answers, 1)]
    answers = [text for text, share in zip(answers, shares, strict=True) if share <= 1 / 2]
    shares = [share for share in shares if share <= 1 / 2]
    groups = list(grouped(shares))
    assert [at for group in groups for at in range(len(shares))[group]] == list(range(len(shares)))
    assert len(groups) == 1 or len(groups) < len(shares)
    for group in groups:
        request = plan.frame.all_answers(answers[group])
        assert estimate_request(request, "gpt-4.1") + 100 <= FILLED * window


def test_the_steps_are_all_pieces_and_the_answers_of_answers():
    """Window 4,000, answers of 250 tokens, counted as twice that: by hand, 5 or 6 fit into 3,200 less the rest."""
    plan = plan_of(asked(WORDS * 2500, question="Which?"), leading_to(4000), None)
    groups = len(list(grouped([plan.most_share] * len(plan.pieces))))
    assert plan.bound == 250
    assert 4 <= len(plan.pieces) / groups <= 6
    assert len(plan.steps) == len(plan.pieces) + groups + 1
    assert plan.steps[-1].answer is None


def test_every_target_of_the_name_can_answer_every_piece():
    wide, narrow = leading_to(50_000), leading_to(4000, model="claude-sonnet-4")
    route = Route("m", (*wide.targets, *narrow.targets))
    both = plan_of(asked(WORDS * 4000), route, None)
    alone = plan_of(asked(WORDS * 4000), narrow, None)
    assert both.pieces == alone.pieces


def test_what_the_largest_of_the_targets_holds_is_not_split():
    assert len(plan_of(asked(WORDS * 300), leading_to(4000, 100_000), None).pieces) == 1
    longer = Route("m", leading_to(4000).targets, longer=leading_to(100_000))
    assert len(plan_of(asked(WORDS * 300), longer, None).pieces) == 1


def test_only_the_longest_text_of_the_last_turn_is_split_also_where_it_is_a_document():
    text = WORDS * 300
    turn = Message("user", (Text("Compare."), Document(text=text, title="Log"), Text("Briefly.")))
    request = Request(dialect="messages", model="m", messages=(turn,))
    plan = plan_of(request, leading_to(4000), None)
    assert "".join(plan.pieces) == text
    piece = plan.frame.piece(plan.pieces[0], 1, len(plan.pieces), plan.bound)
    first, document, last = piece.messages[0].parts
    assert (first.text, last.text, document.title) == ("Compare.", "Briefly.", "Log")
    assert text_at(request, Place(0, 1)) == text


def test_a_question_within_the_text_goes_along_with_every_piece():
    text = "What does the harbourmaster want? " + WORDS * 300 + "Answer in Korean."
    plan = plan_of(asked(text), leading_to(4000), None)
    for number, piece in enumerate(plan.pieces, 1):
        request = plan.frame.piece(piece, number, len(plan.pieces), plan.bound)
        told = request.messages[-1].parts[0].text
        assert "harbourmaster" in told
        assert "Answer in Korean." in told


def test_the_answer_to_a_piece_leaves_room_for_thinking():
    request = asked(WORDS * 900, reasoning=Reasoning(budget_tokens=1024))
    assert plan_of(request, leading_to(20_000), None).bound > 1024


@pytest.mark.parametrize(
    ("request_", "route", "bound", "code"),
    [
        (asked(WORDS * 300, n=2), leading_to(4000), None, "chunk_unsupported"),
        (asked(WORDS * 300, modalities=("audio",)), leading_to(4000), None, "chunk_unsupported"),
        (asked(WORDS * 300), leading_to(None), None, "window_unknown"),
        (asked(WORDS * 300, system=WORDS * 300), leading_to(4000), None, "nothing_to_split"),
        (asked(WORDS * 300), leading_to(4000), 3000, "nothing_to_split"),
        (asked(""), leading_to(4000), None, "nothing_to_split"),
        (asked(WORDS * 20_000), leading_to(4000), None, "too_many_pieces"),
    ],
)
def test_what_cannot_be_planned_is_refused(request_, route, bound, code):
    with pytest.raises(InvalidRequest) as refused:
        plan_of(request_, route, bound)
    assert refused.value.code == code
