"""What is told: one record for every channel, and the texts that it is made of, as rows."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, field

from madang.watch.alerts.book import Event

TEXTS: Final = {
    "firing": "{severity}: {rule}{subject}",
    "resolved": "resolved: {rule}{subject}",
    "subject": ", {subject}",
    "value": "{name} = {value}",
    "unknown": "not known",
    "since": "at {at}",
    "test": "Madang: a test of the channel {channel}",
    "test_text": "If you read this, alerts reach you here.",
    "report": "Madang: report of {day}",
}
"""Every text that goes out, but for reports; `{…}` is filled in."""

RULES_OF_FORM: Final = {"_s": "{:,.3g} s", "_usd": "${:,.2f}", "rate": "{:.2%}", "uptime": "{:.2%}"}
"""How a measure is written, by the end of its name."""


class Message(Struct, frozen=True, kw_only=True):
    """One thing to tell. `id` stays the same however often it is tried; `type` is for programs.

    `text` is plain, `html` the same for mail readers (None: there is only the text). `data` is what
    webhooks carry.
    """

    id: str
    type: str
    at: str
    title: str
    text: str
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def of_event(event: Event) -> Message:
    """An alert that was raised or has ended."""
    subject = TEXTS["subject"].format(subject=event.subject) if event.subject else ""
    facts = {"severity": event.severity.upper(), "rule": event.rule, "subject": subject}
    lines = [written(event.values), TEXTS["since"].format(at=event.at)]
    return Message(
        id=event.id,
        type=f"alert.{event.state}",
        at=event.at,
        title=TEXTS[event.state].format(**facts),
        text="\n".join(line for line in lines if line),
        data={
            "rule": event.rule,
            "subject": event.subject,
            "severity": event.severity,
            "state": event.state,
            "values": event.values,
        },
    )


def of_test(channel: str, id_: str, at: str) -> Message:
    """Something that says nothing but that it has arrived."""
    title = TEXTS["test"].format(channel=channel)
    return Message(id=id_, type="test", at=at, title=title, text=TEXTS["test_text"])


def written(values: Mapping[str, float | None]) -> str:
    """Measures for reading, one on each line."""
    return "\n".join(
        TEXTS["value"].format(name=name, value=figure(name, value))
        for name, value in values.items()
    )


def figure(name: str, value: float | None) -> str:
    """One measure for reading, with its unit."""
    if value is None:
        return TEXTS["unknown"]
    form = next((form for end, form in RULES_OF_FORM.items() if name.endswith(end)), "{:,.10g}")
    return form.format(value)
