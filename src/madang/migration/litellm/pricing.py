"""Prices of one's own: LiteLLM's dollars per token as dollars per million, in decimal arithmetic."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from madang.migration.findings import Findings
from madang.migration.place import Place

_MILLION = Decimal(1_000_000)
_BASE: Final[Mapping[str, str]] = {
    "input_cost_per_token": "in",
    "output_cost_per_token": "out",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "audio_in",
    "output_cost_per_audio_token": "audio_out",
}
_TIER = re.compile(r"(.+?)_above_([0-9]{1,6})k_tokens")
_SERVICE = re.compile(r"(.+)_(flex|priority|batches)")
_PRICE = re.compile(
    r"(input|output|cache|search|file|code|vector|citation)_.*(cost|price).*|ptu_.*"
)
_PAIR = {"in", "out"}
_MOST = 999_999


def is_price(name: str) -> bool:
    """Whether a setting of that name is a price."""
    return _PRICE.fullmatch(name) is not None


def price_of(places: Mapping[str, Place], findings: Findings) -> dict[str, Any] | None:
    """The figures of one row of `prices` (without provider and model); None where there are none."""
    base: dict[str, Decimal] = {}
    tiers: dict[int, dict[str, Decimal]] = {}
    services: dict[str, dict[str, Decimal]] = {}
    for name, place in places.items():
        figure = place.figure()
        if figure is None:
            findings.left(place.path, "this is no number")
            continue
        dollars = figure * _MILLION
        tier, service = _TIER.fullmatch(name), _SERVICE.fullmatch(name)
        if name in _BASE:
            _put(base, _BASE[name], dollars, place, findings)
        elif tier and tier[1] in _BASE:
            figures = tiers.setdefault(int(tier[2]) * 1000, {})
            _put(figures, _BASE[tier[1]], dollars, place, findings)
        elif service and service[1] in _BASE:
            of_tier = services.setdefault(service[2].replace("batches", "batch"), {})
            _put(of_tier, _BASE[service[1]], dollars, place, findings)
        else:
            findings.left(
                place.path, "see `per` in docs/catalogue.md: Madang counts this otherwise"
            )
    return _row(base, tiers, services, places, findings)


def _put(
    figures: dict[str, Decimal], name: str, dollars: Decimal, place: Place, findings: Findings
) -> None:
    if dollars > _MOST or dollars != round(dollars, 9):
        findings.left(place.path, "a price here has at most nine decimals per million tokens")
        return
    figures[name] = dollars
    findings.changed(place.path, f"`prices`: {format(dollars.normalize(), 'f')} per million tokens")


def _row(
    base: dict[str, Decimal],
    tiers: dict[int, dict[str, Decimal]],
    services: dict[str, dict[str, Decimal]],
    places: Mapping[str, Place],
    findings: Findings,
) -> dict[str, Any] | None:
    if not base.keys() >= _PAIR:
        for place in places.values():
            if findings.verdict(place.path) != "left":
                findings.left(place.path, "a price needs input and output; give both in `prices`")
        return None
    row: dict[str, Any] = dict(base)
    over = [{"tokens": bound, **base, **tiers[bound]} for bound in sorted(tiers) if tiers[bound]]
    if over:
        row["over"] = over
    service = {name: {**base, **figures} for name, figures in services.items() if figures}
    if service:
        row["service"] = service
    return row
