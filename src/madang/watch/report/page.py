"""A report as text and as HTML, from the same rows of texts."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

from msgspec import Struct

from madang.watch.alerts.book import Event
from madang.watch.report.budgets import Standing
from madang.watch.report.daily import Daily

TEXTS: Final = {
    "title": "Madang: report of {day} ({time_zone})",
    "requests": "Requests: {requests:,}, {failed:,} failed, success {success}",
    "tokens": "Tokens: {input:,} in, {output:,} out",
    "cost": "Cost: {cost}, of which {wasted} bought no whole answer",
    "unpriced": "Not in the cost: {count:,} requests whose price is not known",
    "latency": "Latency: p50 {p50}, p95 {p95}, p99 {p99}",
    "ttft": "First token: p50 {p50}, p95 {p95}, p99 {p99}",
    "caches": "Saved: {provider} by providers' caches, {own} by {hits:,} answers given again",
    "by_model": "By model",
    "by_provider": "By provider",
    "by_key": "By key",
    "alerts": "Alerts",
    "budgets": "Budgets near their cap",
    "none": "none",
}
"""Every text of a report, but for the names of columns."""

_COLUMNS: Final = ("name", "requests", "failed", "tokens", "cost")


class Section(Struct, frozen=True):
    """A table: its heading, the names of its columns, its rows. What is no name is a figure."""

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Page(Struct, frozen=True):
    """A report ready to be written."""

    title: str
    lines: list[str]
    sections: list[Section]


def page(told: Daily) -> Page:
    """A report in words."""
    sections = [
        Section(TEXTS[name], _COLUMNS, [_sums(row) for row in getattr(told, name)])
        for name in ("by_model", "by_provider", "by_key")
    ]
    alerts = Section(TEXTS["alerts"], ("at", "state", "rule", "of"), list(map(_alert, told.alerts)))
    budgets = Section(
        TEXTS["budgets"],
        ("budget", "of", "spent", "cap", "share"),
        list(map(_budget, told.budgets)),
    )
    title = TEXTS["title"].format(day=told.day, time_zone=told.time_zone)
    return Page(title, _lines(told), [*sections, alerts, budgets])


def text(told: Page) -> str:
    """As plain text, in columns."""
    blocks = ["\n".join([told.title, "", *told.lines])]
    blocks += ["\n".join([one.heading, *_table(one)]) for one in told.sections]
    return "\n\n".join(blocks) + "\n"


def html(told: Page) -> str:
    """As a page of its own, without anything from elsewhere; every text is escaped."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in told.lines)
    sections = "".join(
        f"<h2>{escape(section.heading)}</h2>{_html_table(section)}" for section in told.sections
    )
    title = escape(told.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>'
        "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #ddd}"
        "td:first-child,th:first-child{text-align:left}</style></head>"
        f"<body><h1>{title}</h1>{lines}{sections}</body></html>\n"
    )


def _lines(told: Daily) -> list[str]:
    success = TEXTS["none"] if told.success_rate is None else f"{told.success_rate:.2%}"
    counts = {"requests": told.requests, "failed": told.failed_requests, "success": success}
    lines = [
        TEXTS["requests"].format(**counts),
        TEXTS["tokens"].format(input=told.input_tokens, output=told.output_tokens),
        TEXTS["cost"].format(cost=_dollars(told.cost_nusd), wasted=_dollars(told.wasted_nusd)),
    ]
    if told.unpriced_requests:
        lines.append(TEXTS["unpriced"].format(count=told.unpriced_requests))
    for name, times in (("latency", told.latency_us), ("ttft", told.first_token_us)):
        lines.append(TEXTS[name].format(**{share: _seconds(us) for share, us in times.items()}))
    caches = told.caches
    saved = {
        "provider": _dollars(caches["provider_nusd"]),
        "own": _dollars(caches["own_nusd"]),
        "hits": caches["own_hits"],
    }
    return [*lines, TEXTS["caches"].format(**saved)]


def _sums(row: dict[str, Any]) -> tuple[str, ...]:
    requests = row["requests"] + row["failed_requests"]
    tokens = row["input_tokens"] + row["output_tokens"]
    counts = (f"{count:,}" for count in (requests, row["failed_requests"], tokens))
    return (str(row["name"]), *counts, _dollars(row["cost_nusd"]))


def _alert(event: Event) -> tuple[str, ...]:
    return (event.at, event.state, event.rule, event.subject)


def _budget(one: Standing) -> tuple[str, ...]:
    return (one.name, one.of, _dollars(one.spent_nusd), _dollars(one.cap_nusd), f"{one.share:.0%}")


def _table(section: Section) -> list[str]:
    if not section.rows:
        return [f"  {TEXTS['none']}"]
    rows = [section.columns, *section.rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(section.columns))]
    return ["  " + _spread(row, widths) for row in rows]


def _spread(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    figures = [one.rjust(width) for one, width in zip(others, widths[1:], strict=True)]
    return "  ".join([first.ljust(widths[0]), *figures]).rstrip()


def _html_table(section: Section) -> str:
    if not section.rows:
        return f"<p>{escape(TEXTS['none'])}</p>"

    def row(cells: Sequence[str], mark: str) -> str:
        return "<tr>" + "".join(f"<{mark}>{escape(one)}</{mark}>" for one in cells) + "</tr>"

    body = "".join(row(cells, "td") for cells in section.rows)
    return f"<table>{row(section.columns, 'th')}{body}</table>"


def _dollars(nusd: int) -> str:
    return f"${nusd / 1e9:,.4f}"


def _seconds(us: int | None) -> str:
    return TEXTS["none"] if us is None else f"{us / 1e6:,.3f} s"


FORMS: Final[dict[str, Callable[[Page], str]]] = {"text": text, "html": html}
