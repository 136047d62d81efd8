"""A report as text and as HTML, from the same rows of texts in one language."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final
from unicodedata import east_asian_width

from msgspec import Struct

from madang.config.sections.alerts import Language
from madang.watch.alerts.book import Event
from madang.watch.report.budgets import Standing
from madang.watch.report.daily import Daily
from madang.watch.texts import REPORTS

Texts = Mapping[str, str]


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
    language: Language = "en"


def page(told: Daily, language: Language = "en") -> Page:
    """A report in words."""
    texts = REPORTS[language]
    columns = _columns(texts["sums_columns"])
    sections = [
        Section(texts[name], columns, [_sums(row, texts) for row in getattr(told, name)])
        for name in ("by_model", "by_provider", "by_key")
    ]
    raised = [_alert(event, texts) for event in told.alerts]
    alerts = Section(texts["alerts"], _columns(texts["alerts_columns"]), raised)
    near = [_budget(one) for one in told.budgets]
    budgets = Section(texts["budgets"], _columns(texts["budgets_columns"]), near)
    title = texts["title"].format(day=told.day, time_zone=told.time_zone)
    return Page(title, _lines(told, texts), [*sections, alerts, budgets], language)


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split("|"))


def text(told: Page) -> str:
    """As plain text, in columns."""
    blocks = ["\n".join([told.title, "", *told.lines])]
    blocks += ["\n".join([one.heading, *_table(one, told.language)]) for one in told.sections]
    return "\n\n".join(blocks) + "\n"


def html(told: Page) -> str:
    """As a page of its own, without anything from elsewhere; every text is escaped."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in told.lines)
    sections = "".join(
        f"<h2>{escape(section.heading)}</h2>{_html_table(section, told.language)}"
        for section in told.sections
    )
    title = escape(told.title)
    return (
        f'<!doctype html><html lang="{told.language}"><head><meta charset="utf-8"><title>{title}</title><style>'
        "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #ddd}"
        "td:first-child,th:first-child{text-align:left}</style></head>"
        f"<body><h1>{title}</h1>{lines}{sections}</body></html>\n"
    )


def _lines(told: Daily, texts: Texts) -> list[str]:
    success = texts["none"] if told.success_rate is None else f"{told.success_rate:.2%}"
    counts = {"requests": told.requests, "failed": told.failed_requests, "success": success}
    lines = [
        texts["requests"].format(**counts),
        texts["tokens"].format(input=told.input_tokens, output=told.output_tokens),
        texts["cost"].format(cost=_dollars(told.cost_nusd), wasted=_dollars(told.wasted_nusd)),
    ]
    if told.unpriced_requests:
        lines.append(texts["unpriced"].format(count=told.unpriced_requests))
    for name, times in (("latency", told.latency_us), ("ttft", told.first_token_us)):
        lines.append(
            texts[name].format(**{share: _seconds(us, texts) for share, us in times.items()})
        )
    caches = told.caches
    saved = {
        "provider": _dollars(caches["provider_nusd"]),
        "own": _dollars(caches["own_nusd"]),
        "hits": caches["own_hits"],
    }
    return [*lines, texts["caches"].format(**saved)]


def _sums(row: dict[str, Any], texts: Texts) -> tuple[str, ...]:
    requests = row["requests"] + row["failed_requests"]
    tokens = row["input_tokens"] + row["output_tokens"]
    counts = (f"{count:,}" for count in (requests, row["failed_requests"], tokens))
    return (str(row["name"]), *counts, _cost(row, texts))


def _cost(row: dict[str, Any], texts: Texts) -> str:
    """As far as prices are known; what is not known is no zero."""
    known, unknown = row["cost_nusd"], row["unpriced_requests"]
    parts = [_dollars(known)] * bool(known or not unknown) + [texts["unknown"]] * bool(unknown)
    return " + ".join(parts)


def _alert(event: Event, texts: Texts) -> tuple[str, ...]:
    return (event.at, texts[event.state], event.rule, event.subject)


def _budget(one: Standing) -> tuple[str, ...]:
    return (one.name, one.of, _dollars(one.spent_nusd), _dollars(one.cap_nusd), f"{one.share:.0%}")


def _table(section: Section, language: Language) -> list[str]:
    if not section.rows:
        return [f"  {REPORTS[language]['none']}"]
    rows = [section.columns, *section.rows]
    widths = [max(_width(row[at]) for row in rows) for at in range(len(section.columns))]
    return ["  " + _spread(row, widths) for row in rows]


def _spread(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    padded = [_blank(one, width) + one for one, width in zip(others, widths[1:], strict=True)]
    return "  ".join([first + _blank(first, widths[0]), *padded]).rstrip()


def _blank(text: str, width: int) -> str:
    return " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns of a terminal: Korean and Chinese characters take two."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def _html_table(section: Section, language: Language) -> str:
    if not section.rows:
        return f"<p>{escape(REPORTS[language]['none'])}</p>"

    def row(cells: Sequence[str], mark: str) -> str:
        return "<tr>" + "".join(f"<{mark}>{escape(one)}</{mark}>" for one in cells) + "</tr>"

    body = "".join(row(cells, "td") for cells in section.rows)
    return f"<table>{row(section.columns, 'th')}{body}</table>"


def _dollars(nusd: int) -> str:
    return f"${nusd / 1e9:,.4f}"


def _seconds(us: int | None, texts: Texts) -> str:
    return texts["none"] if us is None else f"{us / 1e6:,.3f} s"


FORMS: Final[dict[str, Callable[[Page], str]]] = {"text": text, "html": html}
