"""What to answer: a chain of short rules, the first that applies wins. The same prompt gets the same answer.

    "go on with it exactly where it stops"    → the rest of the answer that was begun
    a tool has to be called or is spoken of   → calls
    a tool has answered                       → a text that quotes the results
    a schema, or JSON mode                    → JSON that fits: a drama for a script's, see `forms`
    "say X", "reply with exactly: X"          → X
    "what is 17*23?"                          → 391
    "count to 500", "tell me a long story"    → a long text
    anything else                             → a text that quotes the question and counts what came

Stop sequences and the token limit then cut it, as they would cut a real answer.
"""

import re
from dataclasses import replace
from itertools import accumulate
from zlib import crc32

from msgspec import json

from madang.drills.simulator import lineup
from madang.drills.simulator.brain.calling import wanted_calls
from madang.drills.simulator.brain.cues import Cues
from madang.drills.simulator.brain.examples import schema_shown
from madang.drills.simulator.brain.forms import write_form
from madang.drills.simulator.brain.phrases import Phrases, phrases_for
from madang.drills.simulator.brain.story import long_answer
from madang.drills.simulator.brain.sums import solve
from madang.drills.simulator.records import (
    Attachment,
    Call,
    Json,
    PastCall,
    Prompt,
    Reply,
    Stop,
    Turn,
    call_tokens,
)
from madang.drills.simulator.tokens import pieces

_EXACT = (
    re.compile(
        r"(?:reply|respond|answer|output|write|say|return)\s+(?:back\s+)?(?:with\s+)?"
        r"(?:exactly|only|just|precisely)(?:\s+with)?(?:\s+the\s+(?:words?|text|following))?\s*:\s*(.+)",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:please\s+|now\s+|can you\s+|could you\s+)?"
        r"(?:say|repeat after me|repeat|echo|reply with|respond with|answer with)"
        r"(?:\s+(?:exactly|only|just))*(?:\s+the\s+words?)?(?:\s*[:,]\s*|\s+)(.+)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"(?:그대로|똑같이)\s*(?:따라\s*)?(?:말해|반복해|출력해)\S*\s*[:\uff1a]\s*(.+)", re.DOTALL
    ),
)
_QUOTES = (
    ('"', '"'),
    ("'", "'"),
    ("\u201c", "\u201d"),
    ("\u2018", "\u2019"),
    ("「", "」"),
    ("`", "`"),
)
_REMINDER, _REMINDED = "<system-reminder>", "</system-reminder>"
"""Between these, Claude Code puts pages of its own beside what the user says."""

_GO_ON = re.compile(
    r"\b(?:go on|continue)\b[^.]{0,40}\bexactly where (?:it|you) stop", re.IGNORECASE
)

_QUOTED_CHARS = 200
_RESULT_CHARS = 2_000
_SCANNED_CHARS = 20_000


def answer(prompt: Prompt) -> tuple[Reply, ...]:
    """The answers to a prompt, one for each candidate that it asks for."""
    return tuple(_reply(prompt, index) for index in range(prompt.candidates))


def _reply(prompt: Prompt, index: int) -> Reply:
    rest = _rest(prompt, index)
    if rest is not None:
        return _cut(prompt, (), rest, ())
    text = _question(prompt)
    calls = wanted_calls(prompt, text)
    words: tuple[str, ...] = ()
    if not calls:
        words = _say(prompt, text, index)
    elif lineup.family(prompt.model) == "claude":
        words = pieces(phrases_for(text).calling)
    thought: tuple[str, ...] = ()
    if prompt.think or lineup.reasons_always(prompt.model):
        thought = pieces(phrases_for(text).thought.format(text=_short(text)))
    return _cut(prompt, thought, words, calls)


def _rest(prompt: Prompt, index: int) -> tuple[str, ...] | None:
    """What is left of an answer that was begun, where the last turn asks for that.

    None: it does not, or the answer would have been another one.
    """
    if len(prompt.turns) < 3:
        return None
    *before, begun, last = prompt.turns
    asks = last.role == "user" and _GO_ON.search(last.text[:_SCANNED_CHARS])
    if not asks or begun.role != "assistant":
        return None
    earlier = replace(prompt, turns=tuple(before))
    whole = "".join(_say(earlier, _question(earlier), index))
    return pieces(whole.removeprefix(begun.text)) if whole.startswith(begun.text) else None


def _question(prompt: Prompt) -> str:
    """The words of the last user turn that has any, without what an agent reminds the model of on the side."""
    said = next(
        (turn.text for turn in reversed(prompt.turns) if turn.role == "user" and turn.text.strip()),
        "",
    )
    before, *reminded = said.split(_REMINDER)
    asked = before + "".join(part.partition(_REMINDED)[2] for part in reminded)
    return asked if asked.strip() else said


def _say(prompt: Prompt, text: str, index: int) -> tuple[str, ...]:
    if prompt.schema is not None:
        return pieces(_encoded(write_form(prompt.schema, Cues(text), prompt.seed)))
    if prompt.json_mode:
        return pieces(_encoded(_json_object(prompt, text)))
    results = prompt.turns[-1].results if prompt.turns else []
    if results:
        return pieces(_quote_results(prompt, phrases_for(text)))
    exact = _exact(text)
    if exact is not None:
        return pieces(exact)
    solved = solve(text)
    if solved is not None:
        return pieces(solved)
    return long_answer(text) or pieces(_echo(prompt, text, index))


def _encoded(value: Json) -> str:
    return json.encode(value).decode()


def _json_object(prompt: Prompt, text: str) -> Json:
    shown = next(
        (
            schema
            for turn in reversed(prompt.turns)
            if turn.role != "assistant" and (schema := schema_shown(turn.text))
        ),
        None,
    )
    return write_form(shown, Cues(text), prompt.seed) if shown else {"answer": _short(text)}


def _exact(text: str) -> str | None:
    for pattern in _EXACT:
        found = pattern.search(text[:_SCANNED_CHARS])
        if found:
            return _unquoted(found.group(1).strip())
    return None


def _unquoted(text: str) -> str:
    for left, right in _QUOTES:
        ended = text.removesuffix(".") if text.endswith(f"{right}.") else text
        if len(ended) > 1 and ended[0] == left and ended.find(right, 1) == len(ended) - 1:
            return ended[1:-1]
    return text


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _QUOTED_CHARS else f"{text[: _QUOTED_CHARS - 1]}…"


def _quote_results(prompt: Prompt, phrases: Phrases) -> str:
    """A text that carries every result of the last turn, under the name of its tool."""
    names = {
        part.id: part.name
        for turn in prompt.turns
        for part in turn.parts
        if isinstance(part, PastCall)
    }
    lines = [
        phrases.result.format(
            name=result.name or names.get(result.id, "tool"), text=result.text[:_RESULT_CHARS]
        )
        for result in prompt.turns[-1].results
    ]
    return "\n".join((phrases.results, *lines))


def _echo(prompt: Prompt, text: str, index: int) -> str:
    phrases = phrases_for(text)
    opening = phrases.openings[
        (crc32(text.encode("utf-8", "replace")) + prompt.seed + index) % len(phrases.openings)
    ]
    tally = phrases.tally.format(
        message=_counted(phrases, len(prompt.turns), phrases.message),
        word=_counted(phrases, len(text.split()), phrases.word),
        attached=_attached(phrases, prompt.turns),
    )
    return f"{opening.format(text=_short(text))}\n{tally}"


def _attached(phrases: Phrases, turns: tuple[Turn, ...]) -> str:
    counts: dict[str, int] = {}
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, Attachment):
                counts[part.kind] = counts.get(part.kind, 0) + 1
    if not counts:
        return phrases.none
    return phrases.comma.join(
        _counted(phrases, count, phrases.kinds[kind]) for kind, count in counts.items()
    )


def _counted(phrases: Phrases, count: int, noun: str) -> str:
    if phrases.plural:
        return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
    return f"{noun} {count}" if phrases.comma == ", " else f"{count}{noun}"


def _cut(
    prompt: Prompt, thought: tuple[str, ...], text: tuple[str, ...], calls: tuple[Call, ...]
) -> Reply:
    """Apply the stop sequences to the text, then the token limit to all that is said, in order."""
    stop: Stop = "tool_calls" if calls else "stop"
    sequence: str | None = None
    if prompt.stops and text:
        text, sequence = _stopped(text, prompt.stops)
        if sequence is not None:
            stop, calls = "stop_sequence", ()
    left = prompt.max_tokens
    if left is None:
        return Reply(thought, text, calls, stop, sequence)
    needed = len(thought) + len(text) + sum(map(call_tokens, calls))
    if needed <= left:
        return Reply(thought, text, calls, stop, sequence)
    thought = thought[:left]
    text = text[: left - len(thought)]
    spent = accumulate(map(call_tokens, calls), initial=len(thought) + len(text))
    kept = tuple(call for call, end in zip(calls, list(spent)[1:], strict=True) if end <= left)
    return Reply(thought, text, kept, "length")


def _stopped(text: tuple[str, ...], stops: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The text before the first stop sequence, and which one that is."""
    whole = "".join(text)
    ends = [(at, stop) for stop in stops if stop and (at := whole.find(stop)) >= 0]
    if not ends:
        return text, None
    end, stop = min(ends, key=lambda pair: pair[0])
    return pieces(whole[:end]), stop
