"""How long answers took: histograms per day and model, and percentiles read from them.

Rule: a bucket holds times that share their first two decimal digits, in steps of 1 below 20, of 2
below 40 and of 4 above: none is wider than a tenth of its lower bound. A percentile is the middle
of its bucket, so it is wrong by at most 5 % of the true value.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from madang.errors import InvalidRequest
from madang.ledger.days import DAY_OF_ATTEMPT
from madang.state.store import Store

PERCENTILES = (50, 95, 99)
_KNOWN = ("provider", "model", "day")
_WHAT = ("latency_us", "first_token_us")


_TIMES = """(
    SELECT *, CASE substr(us, 1, 1) WHEN '1' THEN 1 WHEN '2' THEN 2 WHEN '3' THEN 2 ELSE 4 END AS step
    FROM (
        SELECT at_us, provider, model, 'latency_us' AS what, latency_us AS us
        FROM attempts WHERE :which AND outcome = 'ok'
        UNION ALL
        SELECT at_us, provider, model, 'first_token_us', first_token_us
        FROM attempts WHERE :which AND outcome = 'ok'
    ) WHERE us > 0
)"""
# Latencies of the attempts of a condition that were answered whole, each with the step of its bucket.
_BUCKET = "100 * length(us) + substr(us || '0', 1, 2) / step * step"
_ADDED = _TIMES.replace(":which", "seq > ?1")
_BETWEEN = _TIMES.replace(":which", "at_us >= ?1 AND at_us < ?2")
ADD_LATENCIES = f"""
INSERT INTO latency_days (day, provider, model, what, bucket, answers)
SELECT {DAY_OF_ATTEMPT}, provider, model, what, {_BUCKET}, count(*) FROM {_ADDED}
GROUP BY 1, 2, 3, 4, 5 ON CONFLICT DO UPDATE SET answers = answers + excluded.answers
"""  # noqa: S608 - made of constants
"""Take the attempts after `?1` (a `seq`) into the histograms: those that were answered whole.

A bucket is 100 for each digit of its times, and their first two digits, down to a step.
"""


def bounds_us(bucket: int) -> tuple[float, float]:
    """From where, and up to where, the times of a bucket reach, in µs."""
    digits, first = divmod(bucket, 100)
    step = 1 if first < 20 else 2 if first < 40 else 4
    unit: float = 10.0 ** (digits - 2)
    return first * unit, (first + step) * unit


def latency(
    store: Store, *, from_day: date, to_day: date, by: Sequence[str] = ("provider", "model")
) -> list[dict[str, Any]]:
    """Percentiles of the UTC days `from_day` to `to_day`, one row per combination of `by`.

    `by`: provider, model, day. Each row has `answers`, `latency_us` and `first_token_us`, each of
    these `{p50, p95, p99}` in µs (None: there were none), over attempts that were answered whole.
    Raises InvalidRequest.
    """
    if not set(by) <= set(_KNOWN) or len(set(by)) != len(by):
        raise InvalidRequest(f"`by` knows {', '.join(_KNOWN)}, each once.", param="by")
    columns = "".join(f"{name}, " for name in by)
    rows = store.read(
        f"SELECT {columns}what, bucket, sum(answers) AS answers FROM latency_days "  # noqa: S608 - checked above
        f"WHERE day BETWEEN ? AND ? GROUP BY {columns}what, bucket ORDER BY {columns}what, bucket",
        (from_day.isoformat(), to_day.isoformat()),
    )
    found: dict[tuple[str, ...], dict[str, list[tuple[int, int]]]] = {}
    for row in rows:
        group = found.setdefault(tuple(row[name] for name in by), {what: [] for what in _WHAT})
        group[row["what"]].append((row["bucket"], row["answers"]))
    return [
        {**dict(zip(by, values, strict=True)), **_summary(histograms)}
        for values, histograms in found.items()
    ]


def latency_between(store: Store, from_us: int, to_us: int) -> dict[str, Any]:
    """The same as a row of `latency`, over all attempts between two moments (Unix µs, the second excluded).

    It reads attempts, so that a day of any time zone can be asked for.
    """
    sql = f"SELECT what, {_BUCKET} AS bucket, count(*) AS answers FROM {_BETWEEN} GROUP BY 1, 2 ORDER BY 1, 2"  # noqa: S608 - constants
    histograms: dict[str, list[tuple[int, int]]] = {what: [] for what in _WHAT}
    for row in store.read(sql, (from_us, to_us)):
        histograms[row["what"]].append((row["bucket"], row["answers"]))
    return _summary(histograms)


def _summary(histograms: dict[str, list[tuple[int, int]]]) -> dict[str, Any]:
    answers = sum(count for _, count in histograms["latency_us"])
    percentiles = {
        what: {f"p{share}": percentile(histogram, share) for share in PERCENTILES}
        for what, histogram in histograms.items()
    }
    return {"answers": answers, **percentiles}


def percentile(histogram: Sequence[tuple[int, int]], share: int) -> int | None:
    """The time in µs that `share` percent of the answers did not exceed; of buckets in order."""
    total = sum(count for _, count in histogram)
    rank = -(-total * share // 100)
    for bucket, count in histogram:
        rank -= count
        if rank <= 0:
            low, high = bounds_us(bucket)
            return round((low + high) / 2)
    return None
