"""What is told: one record for every channel, made of texts in the channel's language."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from madang.config.sections.alerts import Language
from madang.watch.alerts.book import Event
from madang.watch.texts import MESSAGES

RULES_OF_FORM: Final = {"_s": "{:,.3g} s", "_usd": "${:,.2f}", "rate": "{:.2%}", "uptime": "{:.2%}"}
"""How a measure is written, by the end of its name."""


class Message(Struct, frozen=True, kw_only=True):
    """One thing to tell. `id` stays the same however often it is tried; `type` is for programs.

    `text` is plain, `html` the same for mail readers (None: there is only the text). `data` is what
    webhooks carry. `others`: the same in other languages (none: there is only this).
    """

    id: str
    type: str
    at: str
    title: str
    text: str
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    others: Mapping[Language, "Message"] = field(default_factory=dict)

    def spoken(self, language: Language) -> "Message":
        """The same in a language, where there is that."""
        return self.others.get(language, self)


def of_event(event: Event) -> Message:
    """An alert that was raised or has ended, in every language."""
    return in_all(lambda language: _of_event(event, language))


def _of_event(event: Event, language: Language) -> Message:
    texts = MESSAGES[language]
    subject = texts["subject"].format(subject=event.subject) if event.subject else ""
    facts = {"severity": texts[event.severity], "rule": event.rule, "subject": subject}
    lines = [written(event.values, language), texts["since"].format(at=event.at)]
    return Message(
        id=event.id,
        type=f"alert.{event.state}",
        at=event.at,
        title=texts[event.state].format(**facts),
        text="\n".join(line for line in lines if line),
        data={
            "rule": event.rule,
            "subject": event.subject,
            "severity": event.severity,
            "state": event.state,
            "values": event.values,
        },
    )


def of_test(channel: str, id_: str, at: str, language: Language = "en") -> Message:
    """Something that says nothing but that it has arrived."""
    texts = MESSAGES[language]
    title = texts["test"].format(channel=channel)
    return Message(id=id_, type="test", at=at, title=title, text=texts["test_text"])


def in_all(make: Callable[[Language], Message]) -> Message:
    """A message in English that has the others with it."""
    others = {language: make(language) for language in MESSAGES if language != "en"}
    return replace(make("en"), others=others)


def written(values: Mapping[str, float | None], language: Language = "en") -> str:
    """Measures for reading, one on each line."""
    return "\n".join(
        MESSAGES[language]["value"].format(name=name, value=figure(name, value, language))
        for name, value in values.items()
    )


def figure(name: str, value: float | None, language: Language = "en") -> str:
    """One measure for reading, with its unit."""
    if value is None:
        return MESSAGES[language]["unknown"]
    form = next((form for end, form in RULES_OF_FORM.items() if name.endswith(end)), "{:,.10g}")
    return form.format(value)
