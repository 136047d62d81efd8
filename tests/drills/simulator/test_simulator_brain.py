"""What the simulated models answer: judged by hand, and by a validator written here."""

import re
from datetime import date

import pytest

from madang.drills.simulator.brain.answering import answer
from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.brain.examples import schema_shown
from madang.drills.simulator.brain.filling import fill
from madang.drills.simulator.brain.places import places
from madang.drills.simulator.brain.sums import solve
from madang.drills.simulator.records import Prompt, Tool, Turn, Words

NAMED = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
MULTIPLY = Tool("multiply", "Multiply two numbers", NAMED)
SEARCH = Tool(
    "search_orders",
    "Find the orders of a customer",
    {"type": "object", "properties": {"query": {"type": "string"}}},
)


def say(text, **more):
    return answer(Prompt("gpt-4.1", (Turn("user", (Words(text),)),), **more))[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Say hello", "hello"),
        ("Say exactly: Good  morning!", "Good  morning!"),
        ("You are a parrot. Reply with exactly: 'yes, sir'", "yes, sir"),
        ("Please repeat after me: one\ntwo", "one\ntwo"),
        ("그대로 따라 말해줘: 안녕", "안녕"),
        ("count to 5", "1 2 3 4 5"),
    ],
)
def test_what_is_to_be_said_is_said(asked, said):
    assert "".join(say(asked).text) == said


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("What is 17*23?", "391"),
        ("2 + 2", "4"),
        ("what is 7 divided by 2", "3.5"),
        ("Compute (3+4)*2^10", "7168"),
        ("What is 1,234,567 plus 1?", "1234568"),
        ("서울 인구의 2*3 얼마?", "6"),
        ("What is 1/0?", None),
        ("What is 9^9^9?", None),
        ("Is 2026-03-14 a Saturday? What is that?", None),
        ("Call 555-123-4567, what is it?", None),
        ("I have 3 apples", None),
    ],
)
def test_small_sums_are_solved_and_others_left_alone(question, result):
    assert solve(question) == result


def test_an_answer_that_was_begun_is_gone_on_with_where_it_stops():
    asked, begun = Turn("user", (Words("Count to 12"),)), Turn("assistant", (Words("1 2 3"),))
    order = Turn("user", (Words("Go on with it exactly where it stops. Repeat nothing."),))
    rest = answer(Prompt("gpt-4.1", (asked, begun, order)))[0]
    assert "".join(rest.text) == " 4 5 6 7 8 9 10 11 12"
    another = answer(Prompt("gpt-4.1", (asked, Turn("assistant", (Words("one"),)), order)))[0]
    assert "Go on" in "".join(another.text)


def test_a_long_story_is_about_as_long_as_asked():
    assert 500 <= len(say("Write a story of 500 words").text) < 560
    assert len(say("Tell me a long story").text) >= 800


def test_the_same_prompt_gets_the_same_answer():
    assert say("Tell me something") == say("Tell me something")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("weather in Paris, France?", ["Paris, France"]),
        ("in Paris, London and New York City", ["Paris", "London", "New York City"]),
        ("San Francisco, CA or Rome?", ["San Francisco", "Rome"]),
        ("서울이랑 부산 날씨", ["서울", "부산"]),
        ("on Monday in June", []),
    ],
)
def test_places_are_found(text, named):
    assert places(text) == named


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Multiply 6 and 7", [("multiply", {"a": 6, "b": 7})]),
        ("What is 6 times 7? Use a tool.", [("multiply", {"a": 6, "b": 7})]),
        ('Show the customer\'s "blue shoes" orders', [("search_orders", {"query": "blue shoes"})]),
        ("Good morning", []),
    ],
)
def test_a_tool_is_called_where_the_text_speaks_of_it(text, called):
    calls = say(text, tools=(MULTIPLY, SEARCH)).calls
    assert [(call.name, call.arguments) for call in calls] == called


def test_a_tool_that_is_named_as_such_is_called_alone_with_the_command_that_is_quoted():
    """As an agent asks, which brings dozens of tools and long reminders that speak of all of them."""
    schema = {"type": "object", "properties": {"command": {"type": "string"}}}
    tools = (SEARCH, Tool("Bash", "Run a command", schema), MULTIPLY)
    reminder = f"<system-reminder>{'The multiply tool has orders. ' * 900}</system-reminder>"
    asked = f"{reminder}Customer orders: run the Bash tool with the command `cat a.txt`.{reminder}"
    calls = say(asked, tools=tools).calls
    assert [(call.name, call.arguments) for call in calls] == [("Bash", {"command": "cat a.txt"})]


def check(schema, value, root=None, where="$"):
    """A small validator of the keywords that the simulator promises; raises AssertionError at the place of a fault."""
    root = root or schema
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        check(target, value, root, where)
        return
    if "anyOf" in schema:
        _check_any(schema["anyOf"], value, root, where)
        return
    assert value in schema.get("enum", [value]), where
    assert value == schema.get("const", value), where
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": int | float,
        "boolean": bool,
        "null": type(None),
    }
    assert not kinds or any(isinstance(value, types[kind]) for kind in kinds), (
        f"{where}: {value!r} is no {kinds}"
    )
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= set(value), where
        assert schema.get("additionalProperties") is not False or set(value) <= set(
            schema["properties"]
        ), where
        for name, member in value.items():
            check(schema.get("properties", {}).get(name, {}), member, root, f"{where}.{name}")
    elif isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 999), where
        assert not schema.get("uniqueItems") or len({str(item) for item in value}) == len(value), (
            where
        )
        for index, item in enumerate(value):
            check(schema.get("items", {}), item, root, f"{where}[{index}]")
    elif isinstance(value, str):
        assert schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 99_999), where
        assert re.search(schema.get("pattern", ""), value), where
        if schema.get("format") == "date":
            date.fromisoformat(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), where
        assert (
            schema.get("exclusiveMinimum", value - 1)
            < value
            < schema.get("exclusiveMaximum", value + 1)
        ), where
        assert value % schema.get("multipleOf", value or 1) == 0, where


def _check_any(options, value, root, where):
    faults = []
    for option in options:
        try:
            check(option, value, root, where)
        except AssertionError as fault:
            faults.append(fault)
    assert len(faults) < len(options), faults


def test_the_validator_finds_faults():
    for schema, value in [
        ({"type": "string"}, 1),
        ({"required": ["a"], "type": "object"}, {}),
        ({"enum": [1]}, 2),
    ]:
        with pytest.raises(AssertionError):
            check(schema, value)


TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            },
            "required": ["name", "children", "parent"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/Node",
}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 5, "maximum": 9},
            "minItems": 3,
            "maxItems": 4,
        },
        {
            "type": "array",
            "items": {"enum": ["a", "b", "c", "d"]},
            "minItems": 4,
            "uniqueItems": True,
        },
        {"type": "string", "minLength": 40, "maxLength": 45},
        {"type": "string", "pattern": "^[A-Z]{3}-\\d{3}$"},
        {"type": "string", "format": "date"},
        {"type": ["string", "null"], "maxLength": 3},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "integer", "minimum": 7, "multipleOf": 5},
        {
            "anyOf": [
                {"type": "null"},
                {"type": "object", "properties": {"x": {"const": 3}}, "required": ["x"]},
            ]
        },
        {
            "type": "object",
            "properties": {"kind": {"type": "string", "enum": ["cat", "dog"]}},
            "required": ["kind", "free"],
        },
    ],
)
def test_filled_values_validate(schema):
    for optional in (True, False):
        check(schema, fill(schema, Cues("a text without anything to take"), optional=optional))


def test_values_are_taken_from_the_text():
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "date": {"type": "string"},
            "participants": {"type": "array", "items": {"type": "string"}},
            "seats": {"type": "integer"},
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "email": {"type": "string", "format": "email"},
        },
    }
    text = "On 2026-05-01 we see Alice and Bob at the fair; 12 seats, in blue."
    filled = fill(schema, Cues(text))
    assert filled["date"] == "2026-05-01"
    assert filled["participants"] == ["Alice", "Bob"]
    assert (filled["seats"], filled["colour"]) == (12, "blue")


def test_hostile_schemas_stay_small():
    deep: dict = {"type": "string"}
    for _ in range(300):
        deep = {"type": "array", "items": deep, "minItems": 100}
    loop = {"$ref": "#"}
    wide = {"type": "array", "minItems": 10**9, "items": {"type": "string", "minLength": 10**9}}
    for schema in (deep, loop, wide, {"type": "string", "pattern": "^(a|a)*b$", "minLength": 60}):
        assert len(str(fill(schema, Cues("x")))) < 5_000_000


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('Return {"a": "...", "b": [1, 2], "c": null}', ["a", "b", "c"]),
        (
            "Like:\n```json\n{\n  'title': string, // the title\n  'n': number,\n  ...\n}\n```",
            ["title", "n"],
        ),
        ("Return JSON with keys name, age (integer) and city", ["name", "age", "city"]),
        ("No example here at all { } [", None),
    ],
)
def test_the_example_in_a_prompt_is_read_leniently(text, keys):
    shown = schema_shown(text)
    assert (list(shown["properties"]) if shown else None) == keys
