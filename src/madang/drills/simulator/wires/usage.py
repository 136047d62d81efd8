"""Usage and cost reports, as OpenAI's and Anthropic's administration serves them, from the simulator's own book.

Shapes: openai-python 3.51, `openai.types.admin.organization`; Anthropic,
https://platform.claude.com/docs/en/api/admin/usage_report/retrieve_messages and
https://platform.claude.com/docs/en/api/admin/cost_report. Buckets are days.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from madang.drills.simulator.lineup import reported
from madang.drills.simulator.records import Json, Refused

Days = Mapping[tuple[str, str, str], Counter[str]]
"""(UTC day, wire, model) → what was used and charged."""

_ANTHROPIC = frozenset(("usage_report/messages", "cost_report"))


class _Report(NamedTuple):
    """Which wires it covers, how one model's day looks in it, and how many days a page has at most."""

    wires: frozenset[str]
    results: Callable[[str | None, Counter[str]], list[Json]]
    most: int


def report(what: str, query: Mapping[str, str], days: Days, now_s: float) -> dict[str, Json]:
    """One page of a report. `what` is the end of its path. Raises Refused."""
    kind = _REPORTS[what]
    try:
        first, end = _stretch(what, query, now_s)
        limit = min(int(query.get("limit", "7")), kind.most)
        start = int(query.get("page", "0"))
    except (KeyError, ValueError) as error:
        raise Refused("invalid", f"Invalid parameter: {error}") from error
    wanted = [first + timedelta(days=n) for n in range(start, max(start, (end - first).days))]
    grouped = any(name.startswith("group_by") for name in query)
    page = wanted[:limit]
    more = len(wanted) > limit
    return {
        "object": "page",
        "data": [_bucket(what, day, _of(kind, day, days, grouped=grouped)) for day in page],
        "has_more": more,
        "next_page": str(start + limit) if more else None,
    }


def _stretch(what: str, query: Mapping[str, str], now_s: float) -> tuple[date, date]:
    """The first day, and the day after the last."""
    if what in _ANTHROPIC:
        first = datetime.fromisoformat(query["starting_at"]).date()
        end = query.get("ending_at")
        last = datetime.fromisoformat(end) if end else datetime.fromtimestamp(now_s, UTC)
        return first, last.date() if end else last.date() + timedelta(days=1)
    first = datetime.fromtimestamp(int(query["start_time"]), UTC).date()
    last = datetime.fromtimestamp(int(query.get("end_time", now_s + 86_400)), UTC)
    return first, last.date()


def _of(kind: _Report, day: date, days: Days, *, grouped: bool) -> list[Json]:
    sums: dict[str | None, Counter[str]] = {}
    for (on, wire, model), used in days.items():
        if on == day.isoformat() and wire in kind.wires:
            sums.setdefault(reported(model) if grouped else None, Counter()).update(used)
    return [result for model, used in sums.items() for result in kind.results(model, used)]


def _bucket(what: str, day: date, results: list[Json]) -> dict[str, Json]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1)
    if what in _ANTHROPIC:
        shown = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (start, end)]
        return {"starting_at": shown[0], "ending_at": shown[1], "results": results}
    return {
        "object": "bucket",
        "start_time": int(start.timestamp()),
        "end_time": int(end.timestamp()),
        "results": results,
    }


def _completions(model: str | None, used: Counter[str]) -> list[Json]:
    return [
        {
            "object": "organization.usage.completions.result",
            "input_tokens": used["input"],
            "output_tokens": used["output"],
            "input_cached_tokens": used["cached"],
            "num_model_requests": used["requests"],
            "model": model,
            **dict.fromkeys(("project_id", "user_id", "api_key_id", "batch", "service_tier")),
        }
    ]


def _embeddings(model: str | None, used: Counter[str]) -> list[Json]:
    return [
        {
            "object": "organization.usage.embeddings.result",
            "input_tokens": used["input"],
            "num_model_requests": used["requests"],
            "model": model,
            **dict.fromkeys(("project_id", "user_id", "api_key_id")),
        }
    ]


def _costs(model: str | None, used: Counter[str]) -> list[Json]:
    if model is None:
        return [_cost(None, used["nusd"])]
    return [
        _cost(f"{model}, input_tokens", used["nusd"] - used["output_nusd"]),
        _cost(f"{model}, output_tokens", used["output_nusd"]),
    ]


def _cost(item: str | None, nusd: int) -> Json:
    return {
        "object": "organization.costs.result",
        "amount": {"value": nusd / 1e9, "currency": "usd"},
        "line_item": item,
        "project_id": None,
    }


def _messages(model: str | None, used: Counter[str]) -> list[Json]:
    hour = used["written_1h"]
    return [
        {
            "uncached_input_tokens": used["input"] - used["cached"] - used["written"],
            "cache_creation": {
                "ephemeral_1h_input_tokens": hour,
                "ephemeral_5m_input_tokens": used["written"] - hour,
            },
            "cache_read_input_tokens": used["cached"],
            "output_tokens": used["output"],
            "server_tool_use": {"web_search_requests": 0},
            "model": model,
            **dict.fromkeys(("api_key_id", "workspace_id", "service_tier", "context_window")),
        }
    ]


def _cost_report(model: str | None, used: Counter[str]) -> list[Json]:
    cents = Decimal(used["nusd"]) / 10_000_000
    return [
        {
            "amount": f"{cents:f}",
            "currency": "USD",
            "model": model,
            "cost_type": "tokens" if model else None,
            "description": f"{model} Usage" if model else None,
            **dict.fromkeys(("context_window", "service_tier", "token_type", "workspace_id")),
        }
    ]


_OPENAI_WIRES = frozenset(("chat", "responses"))
_REPORTS = {
    "usage/completions": _Report(_OPENAI_WIRES, _completions, 31),
    "usage/embeddings": _Report(frozenset(("embeddings",)), _embeddings, 31),
    "costs": _Report(_OPENAI_WIRES | {"embeddings"}, _costs, 180),
    "usage_report/messages": _Report(frozenset(("messages",)), _messages, 31),
    "cost_report": _Report(frozenset(("messages",)), _cost_report, 31),
}
