"""A provider's stream as neutral events.

One rule: a stream ended properly when every choice that began has a `finish_reason`, or when the
provider said `[DONE]`. Anything else (an error chunk, broken JSON, a connection that just ends) is
a Failed, and nothing follows it.

The end of a choice is announced at the end of the stream, not with its `finish_reason`: OpenRouter
repeats the reason in a later chunk, and some providers send more text behind it.
"""

from typing import Any

from madang.model import Ended, Event, Failed, Started, UsageSeen
from madang.wire.chat.outputs import CallIds, dicts, listed_citations
from madang.wire.chat.read_delta import ChoiceReader
from madang.wire.chat.usage import find_usage
from madang.wire.event_reader import EventReader
from madang.wire.openai_errors import carries_error, failed_event
from madang.wire.sse import ServerEvent


class ChatStreamReader(EventReader):
    """Reads `chat.completion.chunk` events. Feed it bytes, cut anywhere; it never raises."""

    def __init__(self) -> None:
        super().__init__()
        self._choices: dict[int, ChoiceReader] = {}
        self._ids = CallIds(None)
        self._started = False
        self._said_done = False

    def _object(self, data: dict[str, Any], event: ServerEvent) -> list[Event]:
        if carries_error(data) or (event.name == "error" and not data.get("choices")):
            return self._fail(failed_event(data))
        return self._chunk(data)

    def _done(self) -> list[Event]:
        self._said_done = True
        # where no finish_reason came yet, wait for it: some providers say [DONE] too early
        return self._end() if self._finished() else []

    def _cut_off(self) -> list[Event]:
        if self._started and (self._said_done or self._finished()):
            return self._end()
        return self._fail(Failed("the provider's stream was cut off", "broken"))

    def _chunk(self, chunk: dict[str, Any]) -> list[Event]:
        choices = dicts(chunk.get("choices"))
        events: list[Event] = []
        if choices and not self._started:
            events.append(self._start(chunk))
        for choice in choices:
            if choice.get("error"):
                # OpenRouter: this choice broke off
                return events + self._fail(failed_event(choice))
            events += self._choice(choice, chunk).read(choice)
        usage = find_usage(chunk)
        if usage is not None and self._started:
            events.append(UsageSeen(usage))
        return events

    def _start(self, chunk: dict[str, Any]) -> Started:
        self._started = True
        identity, created, tier = chunk.get("id"), chunk.get("created"), chunk.get("service_tier")
        model = chunk.get("model")
        self._ids = CallIds(identity)
        return Started(
            model if isinstance(model, str) else "",
            identity if isinstance(identity, str) else None,
            created if isinstance(created, int) else None,
            tier if isinstance(tier, str) else None,
        )

    def _choice(self, choice: dict[str, Any], chunk: dict[str, Any]) -> ChoiceReader:
        """The reader of a choice. The first one also gets the sources that stand beside the choices."""
        index = choice.get("index")
        index = index if isinstance(index, int) and index >= 0 else 0
        reader = self._choices.get(index)
        if reader is None:
            reader = self._choices[index] = ChoiceReader(index, self._ids)
            if len(self._choices) == 1:
                reader.sources = listed_citations(chunk)
        return reader

    def _finished(self) -> bool:
        """Whether every choice that began has its finish_reason."""
        return bool(self._choices) and all(choice.reason for choice in self._choices.values())

    def _end(self) -> list[Event]:
        self._over = True
        events = [event for choice in self._choices.values() for event in choice.finish()]
        return [*events, Ended()]
