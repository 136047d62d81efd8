"""Which tags are summed apart: the first names and values of each day, up to a bound; the rest is `(other)`.

Rule: whatever callers put into their tags, a day adds at most `MAX_NAMES` names with `MAX_VALUES`
values each. Attempts keep their tags as they came.
"""

from collections import Counter

from madang.ledger.days import DAY_OF_ATTEMPT
from madang.state.store import Row, Transaction

MAX_NAMES = 100
MAX_VALUES = 1_000
MAX_NAME_CHARS = 100
MAX_VALUE_CHARS = 200
OTHER = "(other)"
"""Where names and values go that are beyond the bounds, or longer than these many characters."""

TAGGED = "attempts, json_each(iif(tags = '{}', '{\"\": \"\"}', tags)) AS tag"
"""Attempts, once for each of their tags; once with the name and the value '' where there is none."""

_NAME_IS_KEPT = f"SELECT 1 FROM tag_names AS n WHERE n.day = {DAY_OF_ATTEMPT} AND n.name = tag.key"  # noqa: S608 - constants
_VALUE_IS_KEPT = (
    f"SELECT 1 FROM tag_values AS v WHERE v.day = {DAY_OF_ATTEMPT} "  # noqa: S608 - constants
    "AND v.name = tag.key AND v.value = tag.value"
)
KEPT_NAME = f"iif(tag.key = '' OR EXISTS ({_NAME_IS_KEPT}), tag.key, '{OTHER}')"
KEPT_VALUE = f"iif(tag.key = '' OR EXISTS ({_VALUE_IS_KEPT}), tag.value, '{OTHER}')"

_FRESH = f"""
SELECT DISTINCT {DAY_OF_ATTEMPT} AS day, tag.key AS name, tag.value AS value
FROM attempts, json_each(tags) AS tag
WHERE seq > ? AND tags <> '{{}}'
    AND length(tag.key) <= {MAX_NAME_CHARS} AND length(tag.value) <= {MAX_VALUE_CHARS}
    AND NOT EXISTS ({_VALUE_IS_KEPT})
    AND coalesce(
        (SELECT value_count FROM tag_names AS n WHERE n.day = {DAY_OF_ATTEMPT} AND n.name = tag.key),
        iif((SELECT count(*) FROM tag_names AS n WHERE n.day = {DAY_OF_ATTEMPT}) < {MAX_NAMES}, 0, {MAX_VALUES})
    ) < {MAX_VALUES}
ORDER BY seq, name
"""  # noqa: S608 - made of the constants above
_COUNTS = "SELECT name, value_count FROM tag_names WHERE day = ?"
_KEEP_VALUE = "INSERT INTO tag_values (day, name, value) VALUES (?, ?, ?)"
_KEEP_NAME = (
    "INSERT INTO tag_names (day, name, value_count) VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET value_count = excluded.value_count"
)


def admit(transaction: Transaction, last_seq: int) -> None:
    """Keep the new values of tags apart, in the order of the attempts after `last_seq`, while there is room."""
    fresh = transaction.read(_FRESH, (last_seq,))
    for day in dict.fromkeys(row["day"] for row in fresh):
        _admit_on(transaction, day, [row for row in fresh if row["day"] == day])


def _admit_on(transaction: Transaction, day: str, fresh: list[Row]) -> None:
    counts = Counter({row["name"]: row["value_count"] for row in transaction.read(_COUNTS, (day,))})
    changed = set()
    for row in fresh:
        name = row["name"]
        has_room = counts[name] < MAX_VALUES if name in counts else len(counts) < MAX_NAMES
        if has_room:
            counts[name] += 1
            changed.add(name)
            transaction.write(_KEEP_VALUE, (day, name, row["value"]))
    for name in sorted(changed):
        transaction.write(_KEEP_NAME, (day, name, counts[name]))
