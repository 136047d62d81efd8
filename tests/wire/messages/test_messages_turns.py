"""The order of a conversation: what Anthropic insists on, and what is done to get there."""

from messages_traffic import read, write

from madang.model import Message, Text, ToolCall, ToolResult
from stand.asking import foreign


def _turns(*messages, model="claude-sonnet-4-6"):
    body, losses = write(foreign(messages=messages), model)
    turns = [
        (t["role"], [b.get("text", b["type"]) for b in t["content"]]) for t in body["messages"]
    ]
    return turns, body.get("system"), losses


def _say(role, text):
    return Message(role, (Text(text),))


def test_neighbours_of_one_role_are_one_turn():
    turns, _, _ = _turns(_say("user", "a"), _say("user", "b"), _say("assistant", "c"))
    assert turns == [("user", ["a", "b"]), ("assistant", ["c"])]


def test_results_stand_first_in_the_turn_after_their_call():
    turns, _, _ = _turns(
        _say("user", "q"),
        Message("assistant", (ToolCall("1", "f", "{}"),)),
        _say("user", "by the way"),
        Message("user", (ToolResult("1", (Text("r"),)),)),
    )
    assert turns[2] == ("user", ["tool_result", "by the way"])


def test_ids_are_made_fit_and_still_find_each_other():
    calls = (ToolCall("call|1", "f", "{}"), ToolCall("fine-1", "f", "{}"), ToolCall("", "f", "{}"))
    results = tuple(ToolResult(call.id, ()) for call in calls)
    body, losses = write(foreign(messages=(Message("assistant", calls), Message("user", results))))
    made = [block["id"] for block in body["messages"][0]["content"]]
    assert [block["tool_use_id"] for block in body["messages"][1]["content"]] == made
    assert made[1] == "fine-1"
    assert all(one.replace("_", "").replace("-", "").isalnum() for one in made)
    assert not losses


def test_an_id_used_twice_is_told_apart():
    """Some providers count from `call_0` in every turn."""
    round_ = (Message("assistant", (ToolCall("call_0", "f", "{}"),)),)
    round_ += (Message("user", (ToolResult("call_0", ()),)),)
    body, _ = write(foreign(messages=round_ + round_))
    used = [turn["content"][0].get("id") for turn in body["messages"][::2]]
    answered = [turn["content"][0].get("tool_use_id") for turn in body["messages"][1::2]]
    assert used == answered == ["call_0", "call_0_2"]


def test_a_system_message_stays_in_place_where_the_model_takes_it():
    said = (_say("user", "a"), _say("system", "s"), _say("assistant", "b"), _say("user", "c"))
    turns, system, losses = _turns(*said, model="claude-opus-4-8")
    assert [role for role, _ in turns] == ["user", "system", "assistant", "user"]
    assert (system, losses) == (None, set())


def test_it_moves_behind_the_users_turn_that_it_would_split():
    said = (_say("user", "a"), _say("assistant", "b"), _say("system", "s"), _say("user", "c"))
    turns, _, losses = _turns(*said, model="claude-opus-4-8")
    assert turns[2:] == [("user", ["c"]), ("system", ["s"])]
    assert losses == {"system_position"}


def test_it_joins_the_prompt_where_it_may_not_stand():
    said = (_say("user", "a"), _say("system", "s"), _say("assistant", "b"))
    turns, system, losses = _turns(*said, model="claude-opus-4-7")
    assert [role for role, _ in turns] == ["user", "assistant"]
    assert (system, losses) == ("s", {"system_position"})
    behind_an_assistant = (_say("user", "a"), _say("assistant", "b"), _say("system", "s"))
    assert _turns(*behind_an_assistant, model="claude-opus-4-8")[1] == "s"


def test_a_caller_of_this_dialect_places_it_freely():
    turns = [{"role": role, "content": role} for role in ("user", "assistant", "system")]
    body, losses = write(read(messages=turns), "claude-opus-4-8")
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "system"]
    assert not losses


def test_blank_turns_and_blanks_behind_a_prefill_are_left_out():
    turns, _, losses = _turns(
        _say("user", "a"), _say("assistant", " \n"), _say("assistant", "b \n")
    )
    assert turns == [("user", ["a"]), ("assistant", ["b"])]
    assert not losses


def test_the_name_of_a_participant_is_declared():
    assert write(foreign(messages=(Message("user", (Text("a"),), name="Kim"),)))[1] == {"name"}
