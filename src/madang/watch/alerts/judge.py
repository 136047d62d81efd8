"""Which alerts are raised and ended: conditions against measures, with a pause between two of the same.

Pure: the moment and the measures are arguments. An alert is told when its condition becomes true, and again when it is
true no more; never twice within its cooldown, however often that changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from madang.config.sections.alerts import Alert, Span
from madang.config.sections.expression import Node, compute, names, read
from madang.watch.alerts.book import Event, State, new_id, values_of
from madang.watch.cells import Labels

Measures = Mapping[str, float | None]
Look = Callable[[Span, Sequence[str]], Mapping[Labels, Measures]]
"""(window, dimensions) → the measures of each subject."""

MOST_SUBJECTS: Final = 200
"""Of one rule no more are looked at, the busiest first: callers may make up names of models."""

_OF_ALL: Final = Labels()


class _Rule:
    """An alert ready to be judged."""

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self.condition: Node = read(alert.when)
        self.names = rule_names(alert)

    def holds(self, measures: Measures) -> bool:
        """Whether it is true of a subject; what is not known does not make it true."""
        attempts = measures.get("attempts") or 0
        if attempts < self.alert.min_count and not self._is_about_all:
            return False
        return compute(self.condition, measures.get) is True

    @property
    def _is_about_all(self) -> bool:
        """Whether it speaks of nothing that attempts of the window have to tell."""
        return all(name in ABOUT_ALL for name in self.names)


ABOUT_ALL: Final = frozenset(
    ("healthy_providers", "failing_providers", "spent_day_usd", "spent_month_usd")
)
"""Measures that are not of a window."""


class Judge:
    """Remembers what is raised. Rules may be replaced; what a rule that stays has raised stays raised."""

    def __init__(self, firing: Iterable[Event] = ()) -> None:
        """`firing`: what an earlier process had raised, and has not ended."""
        self._rules: list[_Rule] = []
        self._firing = {(event.rule, event.subject): event for event in firing}
        self._told_at_us = {key: event.at_us for key, event in self._firing.items()}

    @property
    def firing(self) -> list[Event]:
        """What is raised now."""
        return list(self._firing.values())

    def configure(self, alerts: Iterable[Alert]) -> None:
        """Put other rules in force. Raises ExpressionError."""
        self._rules = [_Rule(alert) for alert in alerts]

    def alert_of(self, event: Event) -> Alert | None:
        """The rule in force that an event is of."""
        return next((one.alert for one in self._rules if named(one.alert) == event.rule), None)

    def judge(self, look: Look, now_us: int) -> list[Event]:
        """What is to be told now: first what has ended, then what is raised."""
        true: dict[tuple[str, str], tuple[_Rule, Measures]] = {}
        seen: dict[tuple[str, str], Measures] = {}
        for rule in self._rules:
            found = look(rule.alert.window, rule.alert.dimensions)
            if not rule.alert.dimensions and not found:
                found = {_OF_ALL: {}}
            for labels, measures in list(found.items())[:MOST_SUBJECTS]:
                key = (named(rule.alert), spelled(labels))
                seen[key] = measures
                if rule.holds(measures):
                    true[key] = (rule, measures)
        ended = [key for key in self._firing if key not in true]
        events = [self._end(key, seen.get(key, {}), now_us) for key in ended]
        raised = [self._raise(key, *true[key], now_us) for key in true if key not in self._firing]
        self._forget(now_us)
        return [*events, *(event for event in raised if event is not None)]

    def _end(self, key: tuple[str, str], measures: Measures, now_us: int) -> Event:
        event = self._firing.pop(key)
        return _changed(event, "resolved", values_of(measures, list(event.values)), now_us)

    def _raise(
        self, key: tuple[str, str], rule: _Rule, measures: Measures, now_us: int
    ) -> Event | None:
        told_at_us = self._told_at_us.get(key)
        if told_at_us is not None and now_us < told_at_us + rule.alert.cooldown_s * 1_000_000:
            return None
        self._told_at_us[key] = now_us
        event = Event(
            id=new_id(),
            at_us=now_us,
            rule=key[0],
            subject=key[1],
            severity=rule.alert.severity,
            state="firing",
            values=values_of(measures, rule.names),
        )
        self._firing[key] = event
        return event

    def _forget(self, now_us: int) -> None:
        """Forget when something was told, where no cooldown asks for it any more."""
        longest = max([one.alert.cooldown_s for one in self._rules], default=0.0) * 1_000_000
        self._told_at_us = {
            key: at_us
            for key, at_us in self._told_at_us.items()
            if key in self._firing or now_us < at_us + longest
        }


def rule_names(alert: Alert) -> list[str]:
    """The measures that an alert speaks of, in order. Raises ExpressionError."""
    return sorted(set(names(read(alert.when))))


def named(alert: Alert) -> str:
    """What an alert is known by in the record: its condition, with what it is looked at by."""
    by = f" by {','.join(alert.dimensions)}" if alert.dimensions else ""
    return f"{alert.when} in {alert.window}{by} ({alert.severity})"


def spelled(labels: Labels) -> str:
    """A subject as people read it: `provider/model key=…`; empty for all together."""
    target = "/".join(name for name in (labels.provider, labels.model) if name is not None)
    key = "" if labels.key is None else f"key={labels.key}"
    return " ".join(part for part in (target, key) if part)


def _changed(event: Event, state: State, values: dict[str, float | None], now_us: int) -> Event:
    return Event(
        id=new_id(),
        at_us=now_us,
        rule=event.rule,
        subject=event.subject,
        severity=event.severity,
        state=state,
        values=values,
    )
