"""Fetching a provider's own usage and cost reports, page by page, as it serves them to its customers.

Sources: as in `ledger.corrections.bills`. The keys are administrative ones, which answer no prompts.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from madang.client import Gateway
from madang.ledger.corrections.bills import Shape

_MAX_PAGES = 1_000


class Vendor(NamedTuple):
    """Where a provider reports by default, the environment variable of its key, and what is asked of whom."""

    url: str
    env: str
    reports: Mapping[str, Mapping[str, str]]


VENDORS: Mapping[Shape, Vendor] = {
    "openai": Vendor(
        "https://api.openai.com/v1",
        "OPENAI_ADMIN_KEY",
        {
            "/organization/usage/completions": {"group_by[]": "model", "limit": "31"},
            "/organization/usage/embeddings": {"group_by[]": "model", "limit": "31"},
            "/organization/costs": {"group_by[]": "line_item", "limit": "180"},
        },
    ),
    "anthropic": Vendor(
        "https://api.anthropic.com/v1",
        "ANTHROPIC_ADMIN_KEY",
        {
            "/organizations/usage_report/messages": {"group_by[]": "model", "limit": "31"},
            "/organizations/cost_report": {"group_by[]": "description", "limit": "31"},
        },
    ),
}


def fetch(shape: Shape, url: str, key: str, first: date, last: date) -> str:
    """All pages of all reports on the UTC days `first` to `last`, as one JSON array. Raises GatewayError."""
    bounds = [_midnight(first), _midnight(last + timedelta(days=1))]
    if shape == "openai":
        names = ("start_time", "end_time")
        days = {name: str(int(at.timestamp())) for name, at in zip(names, bounds, strict=True)}
        vendor, headers = Gateway(url, key), {}
    else:
        names = ("starting_at", "ending_at")
        days = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in zip(names, bounds, strict=True)}
        vendor, headers = Gateway(url), {"x-api-key": key, "anthropic-version": "2023-06-01"}
    pages: list[Any] = []
    for path, asked in VENDORS[shape].reports.items():
        page: str | None = None
        while len(pages) < _MAX_PAGES:
            query = {**asked, **days, "bucket_width": "1d", **({"page": page} if page else {})}
            pages.append(vendor.call("GET", f"{path}?{urlencode(query)}", None, headers).json())
            page = pages[-1].get("next_page")
            if not page:
                break
    return json.dumps(pages)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
