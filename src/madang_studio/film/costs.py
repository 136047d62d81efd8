"""What a film cost, artefact by artefact: integers of nano-dollars, and dollars written out exactly."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from madang_studio.model.work import Made


def dollars(nusd: int) -> str:
    """Nano-dollars as dollars, to the last digit that is not zero, at least cents."""
    whole, rest = divmod(abs(nusd), 1_000_000_000)
    digits = f"{rest:09}".rstrip("0").ljust(2, "0")
    return f"{'-' if nusd < 0 else ''}{whole}.{digits}"


def sheet(made: Mapping[str, Made], duration_ms: int) -> dict[str, Any]:
    """All that cost something, sums by sort, and what a second of the finished film cost."""
    rows = [
        {
            "artefact": key,
            "cost_nusd": each.cost_nusd,
            "cost_usd": dollars(each.cost_nusd),
            "requests": list(each.requests),
        }
        for key, each in sorted(made.items())
        if each.cost_nusd or each.requests
    ]
    sums: dict[str, int] = {}
    for key, each in made.items():
        sort = key.partition("/")[0]
        sums[sort] = sums.get(sort, 0) + each.cost_nusd
    total = sum(each.cost_nusd for each in made.values())
    return {
        "total_nusd": total,
        "total_usd": dollars(total),
        "film_ms": duration_ms,
        "per_second_nusd": total * 1000 // duration_ms if duration_ms else 0,
        "by_sort_nusd": {sort: cost for sort, cost in sorted(sums.items()) if cost},
        "artefacts": rows,
    }


def as_csv(costs: Mapping[str, Any]) -> str:
    """The rows of a sheet, and their sum, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["artefact", "cost_usd", "cost_nusd", "requests"])
    for row in costs["artefacts"]:
        requests = " ".join(row["requests"])
        writer.writerow([row["artefact"], row["cost_usd"], row["cost_nusd"], requests])
    writer.writerow(["total", costs["total_usd"], costs["total_nusd"], ""])
    return text.getvalue()
