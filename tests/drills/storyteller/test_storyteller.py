"""The playground writes little dramas into schemas: judged by jsonschema_rs, over real sockets, by official SDKs."""

import asyncio
import json
import threading

import anthropic
import jsonschema_rs
import openai
import pytest

from madang.drills import simulator

EMOTIONS = [
    "neutral",
    "happy",
    "sad",
    "angry",
    "afraid",
    "surprised",
    "tender",
    "tense",
    "whispering",
]


def record(**members):
    """An object with these members, all required, and no others."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def several(items, **bounds):
    return {"type": "array", "items": items, **bounds}


TEXT = {"type": "string", "minLength": 1, "maxLength": 400}
LINE = record(character=TEXT, text=TEXT, emotion={"enum": EMOTIONS})
SCENE = record(
    id=TEXT,
    description=TEXT,
    place=TEXT,
    characters=several(TEXT),
    dialogue=several({"$ref": "#/$defs/line"}),
    camera_angle=TEXT,
    props=several(TEXT, minItems=2),
)
SCRIPT = record(
    title=TEXT,
    genre=TEXT,
    characters=several(record(name=TEXT, clothing=TEXT)),
    scenes=several({"$ref": "#/$defs/scene"}, minItems=2, maxItems=20),
    background_music=TEXT,
)
SCRIPT["$defs"] = {"scene": SCENE, "line": LINE}
ROWS = record(lines=several(record(id=TEXT, text=TEXT)))
LETTERS = {"Korean": "\uac00\ud7a3", "Chinese": "\u4e00\u9fff", "Japanese": "\u3040\u30ff"}


@pytest.fixture(scope="module")
def url():
    ready, over = threading.Event(), threading.Event()
    found = []

    async def play():
        running = await simulator.serve()
        found.append(running.url)
        ready.set()
        while not over.is_set():
            await asyncio.sleep(0.02)
        await running.close()

    thread = threading.Thread(target=asyncio.run, args=(play(),))
    thread.start()
    assert ready.wait(10)
    yield found[0]
    over.set()
    thread.join(10)


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as made:
        yield made


def order(language="English", genre="romance", more=""):
    return f"Theme: a lost letter\nGenre: {genre}\nLanguage: {language}\n{more}\nWrite the drama."


def written(client, prompt, schema=SCRIPT, seed=None):
    shape = {"type": "json_schema", "json_schema": {"name": "script", "schema": schema}}
    said = client.chat.completions.create(
        model="gpt-4.1",
        messages=[{"role": "user", "content": prompt}],
        response_format=shape,
        seed=seed,
    )
    value = json.loads(said.choices[0].message.content)
    assert jsonschema_rs.is_valid(schema, value), next(jsonschema_rs.iter_errors(schema, value))
    return value


@pytest.mark.parametrize("genre", ["romance", "comedy", "drama", "action", "thriller"])
@pytest.mark.parametrize("language", ["English", "Korean", "Chinese", "Japanese"])
def test_a_script_is_a_story_in_its_language(client, genre, language):
    script = written(client, order(language, genre))
    assert script["genre"] == genre
    assert len(script["scenes"]) >= 6
    people = {one["name"] for one in script["characters"]}
    lines = [line for scene in script["scenes"] for line in scene["dialogue"]]
    assert {line["character"] for line in lines} <= people | {"narrator"}
    assert len({line["emotion"] for line in lines}) >= 3
    first, last = LETTERS.get(language, "az")
    assert all(any(first <= letter <= last for letter in line["text"]) for line in lines) or (
        language == "Japanese"
    )


def test_theme_hero_and_number_of_scenes_are_heeded(client):
    script = written(client, order(more="Main character: Zelda, a night nurse\n9 scenes"))
    assert len(script["scenes"]) == 9
    assert script["characters"][0]["name"] == "Zelda"
    spoken = [line["text"] for scene in script["scenes"] for line in scene["dialogue"]]
    assert any("a lost letter" in text for text in spoken)


def test_the_same_request_gets_the_same_script_and_another_seed_another(client):
    first, again = written(client, order(), seed=1), written(client, order(), seed=1)
    others = [written(client, order(), seed=seed) for seed in range(2, 6)]
    assert first == again
    assert any(other != first for other in others)


def test_a_forced_tool_gets_the_script_as_its_arguments(url):
    tool = {"name": "write", "description": "writes", "input_schema": SCRIPT}
    with anthropic.Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        said = client.messages.create(
            model="claude-sonnet-4",
            max_tokens=20_000,
            messages=[{"role": "user", "content": order()}],
            tools=[tool],
            tool_choice={"type": "tool", "name": "write"},
        )
    (call,) = [block for block in said.content if block.type == "tool_use"]
    assert jsonschema_rs.is_valid(SCRIPT, call.input)
    assert len(call.input["scenes"]) >= 6


def test_responses_write_scripts_too(client):
    shape = {"format": {"type": "json_schema", "name": "script", "schema": SCRIPT, "strict": True}}
    said = client.responses.create(model="gpt-4.1", input=order("Korean"), text=shape)
    assert jsonschema_rs.is_valid(SCRIPT, json.loads(said.output_text))


def test_its_own_lines_are_translated_and_others_marked(client):
    lines = [{"id": "1.1", "text": "Which word?"}, {"id": "1.2", "text": "Never heard of it."}]
    prompt = f"Translate from English into Korean (ko).\n\n# Lines\n{json.dumps(lines)}"
    told = written(client, prompt, ROWS)["lines"]
    assert told[0] == {"id": "1.1", "text": "어떤 단어요?"}
    assert told[1] == {"id": "1.2", "text": "[ko] 번역을 대신하는 말입니다."}


def test_a_theme_in_other_letters_is_not_spoken(client):
    script = written(client, order("Korean"))
    spoken = [line["text"] for scene in script["scenes"] for line in scene["dialogue"]]
    assert any("오래된 약속" in text for text in spoken)
    assert not any("lost letter" in text for text in spoken)


def test_lines_to_be_polished_come_back_under_their_ids(client):
    lines = [{"id": str(number), "text": f"Line {number}."} for number in range(30)]
    prompt = f"Read the dialogue a last time.\n\n# Lines\n{json.dumps(lines, indent=0)}"
    assert written(client, prompt, ROWS)["lines"] == lines
