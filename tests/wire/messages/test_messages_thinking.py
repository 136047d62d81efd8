"""How much to think, for every generation of Claude."""

import pytest
from messages_traffic import read, write

from madang.model import Message, Reasoning, Text, Tool, ToolCall, ToolChoice, ToolResult
from madang.wire.messages.generations import PERMISSIVE, generation_of
from stand.asking import foreign

TOOL = Tool("f", schema={"type": "object"})


def _asked(model, reasoning, **members):
    body, losses = write(foreign(reasoning=reasoning, **members), model)
    effort = body.get("output_config", {}).get("effort")
    return body.get("thinking"), effort, body["max_tokens"], losses


@pytest.mark.parametrize(
    ("model", "thinking", "effort", "lost"),
    [
        ("claude-3-5-haiku-latest", None, None, True),
        ("claude-3-7-sonnet-20250219", {"type": "enabled", "budget_tokens": 16384}, None, False),
        ("claude-sonnet-4-20250514", {"type": "enabled", "budget_tokens": 16384}, None, False),
        ("claude-opus-4-5", {"type": "enabled", "budget_tokens": 16384}, None, False),
        ("claude-haiku-4-5-20251001", {"type": "enabled", "budget_tokens": 16384}, None, False),
        ("claude-sonnet-4-6", {"type": "adaptive"}, "high", False),
        ("claude-opus-4-8", {"type": "adaptive"}, "high", False),
        ("claude-opus-5-5", {"type": "adaptive"}, "high", False),
        ("claude-fable-5-2", {"type": "adaptive"}, "high", False),
        ("some-other-model", {"type": "adaptive"}, "high", False),
    ],
)
def test_an_effort_is_said_as_the_model_understands_it(model, thinking, effort, lost):
    asked = _asked(model, Reasoning(effort="high"))
    assert asked[:2] == (thinking, effort)
    assert asked[3] == ({"reasoning"} if lost else set())


def test_without_a_bound_there_is_room_for_thought_and_answer():
    assert _asked("claude-sonnet-4-5", Reasoning(effort="medium"))[2] == 4096 + 4096
    assert _asked("claude-opus-4-8", Reasoning(effort="medium"))[2] == 16384


@pytest.mark.parametrize(
    ("budget", "bound", "sent", "lost"),
    [
        (5000, None, 5000, False),
        (5000, 6000, 5000, False),
        (5000, 5000, 2500, True),
        (5000, 1500, 1024, True),
        (200, None, 1024, True),
        (5000, 1024, None, True),
    ],
)
def test_a_budget_fits_between_its_least_and_the_bound(budget, bound, sent, lost):
    reasoning = Reasoning(budget_tokens=budget)
    thinking, _, _, losses = _asked("claude-sonnet-4-5", reasoning, max_tokens=bound)
    assert (thinking or {}).get("budget_tokens") == sent
    assert losses == ({"reasoning"} if lost else set())


def test_a_budget_becomes_an_effort_where_there_are_no_budgets():
    thinking, effort, _, losses = _asked("claude-opus-4-7", Reasoning(budget_tokens=3000))
    assert (thinking, effort, losses) == ({"type": "adaptive"}, "medium", {"reasoning"})


@pytest.mark.parametrize(
    ("model", "asked", "sent", "lost"),
    [
        ("claude-opus-4-6", "minimal", "low", False),
        ("claude-opus-4-6", "xhigh", "high", True),
        ("claude-opus-4-6", "max", "max", False),
        ("claude-opus-5", "xhigh", "xhigh", False),
        ("claude-opus-5", "enormous", None, True),
    ],
)
def test_an_effort_is_never_raised(model, asked, sent, lost):
    _, effort, _, losses = _asked(model, Reasoning(effort=asked))
    assert (effort, losses) == (sent, {"reasoning"} if lost else set())


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("claude-opus-5", {"type": "disabled"}),
        ("claude-sonnet-5-5", {"type": "between_tools"}),
        ("claude-opus-5-5", None),
    ],
)
def test_thinking_is_turned_off_as_far_as_it_can_be(model, thinking):
    sent, _, _, losses = _asked(model, Reasoning(effort="none"))
    assert (sent, losses) == (thinking, set() if thinking else {"reasoning"})


def test_a_forced_tool_rules_out_a_budget_but_not_adaptive_thinking():
    forced = {"tools": (TOOL,), "tool_choice": ToolChoice("required")}
    thinking, _, _, losses = _asked("claude-sonnet-4-5", Reasoning(effort="low"), **forced)
    assert (thinking, losses) == (None, {"reasoning"})
    thinking, _, _, losses = _asked("claude-opus-4-6", Reasoning(effort="low"), **forced)
    assert (thinking, losses) == ({"type": "adaptive"}, set())


def test_a_tool_loop_that_began_without_thinking_goes_on_without():
    loop = (
        Message("user", (Text("q"),)),
        Message("assistant", (ToolCall("1", "f", "{}"),)),
        Message("user", (ToolResult("1", (Text("r"),)),)),
    )
    thinking, _, _, losses = _asked("claude-sonnet-4", Reasoning(effort="low"), messages=loop)
    assert (thinking, losses) == (None, {"reasoning"})


def test_samplers_stay_at_their_defaults_while_it_thinks():
    cool = foreign(reasoning=Reasoning(effort="low"), temperature=0.3, top_p=0.96, top_k=9)
    body, losses = write(cool, "claude-sonnet-4-0")
    assert (body.get("temperature"), body.get("top_p"), body.get("top_k")) == (None, 0.96, None)
    assert losses == {"temperature", "top_k"}
    assert write(cool, "some-other-model")[1] == set()


def test_asking_to_see_thoughts_is_passed_on():
    seen = _asked("claude-opus-4-8", Reasoning(effort="low", summary="auto"))[0]
    unseen = _asked("claude-opus-4-8", Reasoning(effort="low", show=False))[0]
    assert (seen["display"], unseen["display"]) == ("summarized", "omitted")


def test_an_effort_alone_stays_alone_for_a_caller_of_this_dialect():
    """There it does not ask for thinking."""
    body, losses = write(read(output_config={"effort": "low"}), "claude-opus-4-6")
    assert ("thinking" in body, body["output_config"], losses) == (False, {"effort": "low"}, set())
    body, losses = write(read(output_config={"effort": "low"}), "claude-sonnet-4-5")
    assert ("output_config" in body, losses) == (False, {"reasoning"})


def test_adaptive_thinking_gets_a_budget_that_fits_where_there_is_nothing_else():
    asked = read(thinking={"type": "adaptive"}, max_tokens=3000)
    body, losses = write(asked, "claude-sonnet-4-5")
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1500}
    assert losses == {"reasoning"}


def test_a_kind_of_thinking_that_is_yet_to_come_is_passed_on():
    thinking = {"type": "between_tools"}
    assert write(read(thinking=thinking), "claude-sonnet-5-5")[0]["thinking"] == thinking


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-sonnet-3-7"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4-0"),
        ("anthropic/claude-opus-4.1", "claude-opus-4-1-20250805"),
        ("claude-4-opus-20250514", "claude-opus-4-0"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-opus-9", "claude-opus-5-5"),
    ],
)
def test_a_generation_is_found_in_every_spelling(name, same_as):
    assert generation_of(name) is generation_of(same_as)
    assert generation_of(name) is not PERMISSIVE


@pytest.mark.parametrize("name", ["", "claude", "claude-2.1", "glm-4.6", "claude-sonnet-latest"])
def test_an_unknown_name_is_denied_nothing(name):
    assert generation_of(name) is PERMISSIVE
