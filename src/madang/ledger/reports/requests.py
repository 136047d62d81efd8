"""Single requests, as a console lists them: the latest, page by page, and what went wrong, by cause.

Rule: no page reads more than `MAX_READ` attempts, however rare what is looked for; then it ends
early, and says where to go on.
"""

import json
from typing import Any

from msgspec import Struct

from madang.errors import InvalidRequest
from madang.ledger.days import moment
from madang.model import Outcome
from madang.state.store import Store, Value

MAX_READ = 50_000
MAX_PAGE = 500

# As in the partial index `attempts_gone_wrong`: SQLite compares the text.
_GONE_WRONG = "outcome IN ('failed', 'cut', 'lost', 'client_closed')"
_BY_OUTCOME = f"attempts INDEXED BY attempts_gone_wrong WHERE {_GONE_WRONG}"
_WRONG = frozenset(("failed", "cut", "lost", "client_closed"))
_OF_REQUEST = "FROM attempts AS all_of_it WHERE all_of_it.request_id = found.request_id"
_SHOWN = (
    *("request_id", "at_us", "key_id", "account_id", "dialect", "asked_model", "model", "provider"),
    *("outcome", "status", "cause", "stop", "streamed", "tags", "cache", "input_tokens"),
    *("output_tokens", "latency_us", "first_token_us"),
)


class Wanted(Struct, frozen=True, kw_only=True):
    """Which requests: those of a key, of a model (that answered), with an outcome; None: of any.

    `before` is the `next` of the page before; `limit` at most 500.
    """

    key_id: str | None = None
    model: str | None = None
    outcome: Outcome | None = None
    before: str | None = None
    limit: int = 50


def latest(store: Store, wanted: Wanted) -> dict[str, Any]:
    """The latest requests by the time of their last attempt, newest first: `{rows, next}`.

    `next` is for `before` of the following page, None at the end. A row shows the final attempt,
    how many `attempts` there were, and `cost_nusd` of all (None: a price is unknown). Raises
    InvalidRequest.
    """
    if not 1 <= wanted.limit <= MAX_PAGE:
        raise InvalidRequest(f"`limit` must be between 1 and {MAX_PAGE}.", param="limit")
    stretch, params = _stretch(wanted)
    newest_first = "ORDER BY at_us DESC, seq DESC LIMIT"
    sql = (
        f"SELECT {', '.join(_SHOWN)}, seq, (SELECT count(*) {_OF_REQUEST}) AS attempts, "  # noqa: S608 - constants
        f"(SELECT iif(count(*) = count(cost_nusd), sum(cost_nusd), NULL) {_OF_REQUEST}) AS cost_nusd "
        f"FROM (SELECT * FROM {stretch} {newest_first} {MAX_READ}) AS found "
        f"WHERE final AND (?1 IS NULL OR model = ?1) AND (?2 IS NULL OR outcome = ?2) "
        f"{newest_first} ?3"
    )
    rows = store.read(sql, (wanted.model, wanted.outcome, wanted.limit, *params))
    last = rows[-1] if len(rows) == wanted.limit else _end(store, stretch, wanted, params)
    return {
        "rows": [_shown(dict(row)) for row in rows],
        "next": f"{last['at_us']}.{last['seq']}" if last else None,
    }


def errors(
    store: Store,
    *,
    since_us: int,
    until_us: int = 253_402_300_799_999_999,
    key_id: str | None = None,
) -> list[dict[str, Any]]:
    """Attempts that failed, broke off or were lost, counted by cause, provider and model; most first.

    Times are Unix time in µs, `until_us` excluded; `last_at` is when it last happened.
    """
    sql = (
        "SELECT outcome, cause, status, provider, model, count(*) AS attempts, max(at_us) AS last_us "  # noqa: S608 - a constant
        f"FROM attempts WHERE {_GONE_WRONG} AND outcome <> 'client_closed' "
        "AND at_us >= ?1 AND at_us < ?2 AND (?3 IS NULL OR key_id = ?3) "
        "GROUP BY 1, 2, 3, 4, 5 ORDER BY attempts DESC, last_us DESC"
    )
    rows = map(dict, store.read(sql, (since_us, until_us, key_id)))
    return [{**row, "last_at": moment(row.pop("last_us"))} for row in rows]


def _stretch(wanted: Wanted) -> tuple[str, tuple[Value, ...]]:
    """Where to read, so that an index gives it in the order of time; its parameters are ?4 and on."""
    at_us, seq = _position(wanted.before)
    before = "at_us <= ?4 AND (at_us < ?4 OR seq < ?5)"
    if wanted.key_id is not None:
        return f"attempts WHERE key_id = ?6 AND {before}", (at_us, seq, wanted.key_id)
    if wanted.outcome in _WRONG:
        return f"{_BY_OUTCOME} AND outcome = ?2 AND {before}", (at_us, seq)
    if wanted.model is not None:
        return f"attempts WHERE model = ?1 AND {before}", (at_us, seq)
    return f"attempts WHERE {before}", (at_us, seq)


def _position(before: str | None) -> tuple[int, int]:
    if before is None:
        return 2**62, 2**62
    at_us, dot, seq = before.partition(".")
    if not (dot and at_us.isdecimal() and seq.isdecimal() and len(before) < 40):
        raise InvalidRequest("`before` must be the `next` of a page.", param="before")
    return int(at_us), int(seq)


def _end(store: Store, stretch: str, wanted: Wanted, params: tuple[Value, ...]) -> Any:  # noqa: ANN401 - a row or None
    """The attempt with which a page that is not full stopped reading; None: there are no more."""
    sql = (
        f"SELECT at_us, seq FROM {stretch} "  # noqa: S608 - made of constants
        f"ORDER BY at_us DESC, seq DESC LIMIT 1 OFFSET {MAX_READ - 1}"
    )
    rows = store.read(sql, (wanted.model, wanted.outcome, wanted.limit, *params))
    return rows[0] if rows else None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    del row["seq"]
    row["id"] = row.pop("request_id")
    row["at"] = moment(row["at_us"])
    row["streamed"] = bool(row["streamed"])
    row["tags"] = json.loads(row["tags"])
    return row
