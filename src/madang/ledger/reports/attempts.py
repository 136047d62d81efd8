"""Rows of attempts as they are shown: lists and mappings as such, flags as booleans, the moment as text, too."""

import json
from typing import Any

from madang.ledger.days import moment
from madang.state.store import Row

_OF_JSON = ("units", "losses", "tags")
_FLAGS = ("final", "streamed", "estimated", "drawn")


def attempt_of(row: Row) -> dict[str, Any]:
    """A row of the table `attempts`, all columns of it, with `id` and `at`."""
    attempt = dict(row)
    attempt["id"] = f"{row['request_id']}.{row['n']}"
    attempt["at"] = moment(row["at_us"])
    attempt["plan"] = json.loads(row["plan"]) if row["plan"] else None
    attempt |= {name: bool(row[name]) for name in _FLAGS}
    return attempt | {name: json.loads(row[name]) for name in _OF_JSON}
