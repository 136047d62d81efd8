"""Whether a prompt calls for a tool, which one, and with what arguments.

A tool is called where the request demands it, or where the last user turn speaks of it: words of
its name, of its description or of its parameters stand there, or the turn says "tool". A turn that
orders tools by name ("run the Bash tool") means these alone, however many others an agent brings.
Several places in the turn make parallel calls.
"""

import re

from msgspec import json

from madang.drills.simulator.brain.bank import words_of
from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.brain.forms import write_form
from madang.drills.simulator.brain.places import places
from madang.drills.simulator.records import Call, Prompt, Tool
from madang.drills.simulator.tokens import pieces

_SAY_NOTHING = """
    get set the and for with from this that use tool tools function call make give given return
    returns current value values data info information string number input output name text a an of
    to in on is by or it as be are user using which will when where what your please about answer
    provide into only must should any all can tell query response result format json list one has
    have its their specified based final
"""
_STOP_WORDS = frozenset(_SAY_NOTHING.split())
_ASKS_FOR_TOOL = re.compile(r"\btools?\b|\bfunctions?\b|도구|함수|工具|ツール", re.IGNORECASE)
_NAMED_TOOL = re.compile(
    r"\b(?:run|call) the [`\"']?([\w.-]{1,128})[`\"']? (?:tool|function)\b", re.IGNORECASE
)
_WEATHER = re.compile(
    r"weather|temperature|forecast|umbrella|how (?:hot|cold|warm)|날씨|기온|天气|天氣|气温|天気|気温",
    re.IGNORECASE,
)
_WEATHER_TOOL = re.compile(r"weather|temperature|forecast|climate|날씨|天气|天気", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+|\d+|[\uac00-\ud7a3]{2,}|[\u4e00-\u9fff]{2}")
_PLACE_PARAMETERS = frozenset({"city", "location", "place", "town", "destination"})
_MAX_PARALLEL = 8
_SCANNED_CHARS = 20_000
_NAME, _PARAMETER, _DESCRIPTION = 3, 2, 1
_ENOUGH = 1


def wanted_calls(prompt: Prompt, text: str) -> tuple[Call, ...]:
    """The calls that an answer to the last user turn `text` makes; none where it speaks for itself."""
    if not prompt.tools or prompt.choice == "none":
        return ()
    text = text[-_SCANNED_CHARS:]  # agents put pages of reminders before what is asked
    chosen = _chosen(prompt, text)
    calls = [call for tool in chosen for call in _calls(tool, text, parallel=prompt.parallel)]
    return tuple(calls[: _MAX_PARALLEL if prompt.parallel else 1])


def _chosen(prompt: Prompt, text: str) -> list[Tool]:
    if prompt.must_call is not None:
        return [tool for tool in prompt.tools if tool.name == prompt.must_call][:1]
    answered = bool(prompt.turns and prompt.turns[-1].results)
    if prompt.choice == "required":
        fresh = (
            [tool for tool in prompt.tools if tool.name not in _called(prompt)] if answered else []
        )
        return _best(tuple(fresh) or prompt.tools, text) or [(fresh or list(prompt.tools))[0]]
    if answered:
        return []
    best = _named(prompt.tools, text) or _best(prompt.tools, text)
    return best or (list(prompt.tools[:1]) if _ASKS_FOR_TOOL.search(text) else [])


def _called(prompt: Prompt) -> set[str]:
    """Names of the tools that the conversation has called already."""
    return {
        name for turn in prompt.turns for part in turn.parts if (name := getattr(part, "name", ""))
    }


def _named(tools: tuple[Tool, ...], text: str) -> list[Tool]:
    """The tools that `text` orders by their names: "Run the Bash tool"."""
    named = set(_NAMED_TOOL.findall(text))
    return [tool for tool in tools if tool.name in named]


def _best(tools: tuple[Tool, ...], text: str) -> list[Tool]:
    """The tools that `text` speaks of, best first; each further one answers to a word of its own."""
    lowered = text.lower()
    words = set(_WORD.findall(lowered))
    words |= {word.removesuffix("s") for word in words}
    scored = [(_score(tool, words, lowered), tool) for tool in tools]
    scored = [(score, tool) for score, tool in scored if score >= _ENOUGH]
    if not scored:
        return []
    scored.sort(key=lambda pair: -pair[0])
    best = [scored[0][1]]
    heard = _heard(best[0], words)
    for _, tool in scored[1:]:
        fresh = _heard(tool, words) - heard
        if fresh:
            best.append(tool)
            heard |= fresh
    return best


def _heard(tool: Tool, words: set[str]) -> set[str]:
    """The words of the tool's name that the text has."""
    return {
        word
        for word in words_of(tool.name)
        if word in words and word not in _STOP_WORDS and len(word) > 2
    }


def _score(tool: Tool, words: set[str], lowered: str) -> int:
    if tool.name.lower() in lowered:
        return 100
    score = _NAME * len(_heard(tool, words))
    members = tool.schema.get("properties")
    for member in members if isinstance(members, dict) else ():
        parts = [part for part in words_of(member) if part not in _STOP_WORDS and len(part) > 2]
        score += _PARAMETER * sum(part in words for part in parts)
    for word in set(_WORD.findall(tool.description.lower()[:2_000])):
        long_enough = len(word) >= 5 or not word.isascii()
        if (
            long_enough
            and word not in _STOP_WORDS
            and (word in words or (not word.isascii() and word in lowered))
        ):
            score += _DESCRIPTION
    if _WEATHER.search(lowered) and _WEATHER_TOOL.search(f"{tool.name} {tool.description}"):
        score += _NAME
    return score


def _calls(tool: Tool, text: str, *, parallel: bool) -> list[Call]:
    """One call, or one for each place that the text names where the tool wants a single place."""
    members = tool.schema.get("properties")
    members = members if isinstance(members, dict) else {}
    wants_place = any(set(words_of(member)) & _PLACE_PARAMETERS for member in members)
    named = places(text)[:_MAX_PARALLEL] if wants_place and parallel else []
    several = named if len(named) > 1 else [None]
    return [_call(tool, Cues(text, place)) for place in several]


def _call(tool: Tool, cues: Cues) -> Call:
    filled = write_form(tool.schema, cues, optional=False) if tool.schema else {}
    arguments = filled if isinstance(filled, dict) else {}
    return Call(tool.name, arguments, pieces(json.encode(arguments).decode()))
