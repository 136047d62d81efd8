"""What providers say they charged: OpenAI's and Anthropic's usage and cost reports, read into one shape.

Rule: money is read as the decimal text that it is, summed exactly and rounded once to nano-dollars.
A bucket must lie within one UTC day.

Sources: OpenAI, `/organization/usage/completions`, `/organization/usage/embeddings` and
`/organization/costs`, as typed in openai-python 3.51 (`openai.types.admin.organization`); line items
are such as `gpt-6-astra, input_tokens`. Anthropic, `/v1/organizations/usage_report/messages` and
`/v1/organizations/cost_report`: https://platform.claude.com/docs/en/api/admin/usage_report/retrieve_messages
and https://platform.claude.com/docs/en/api/admin/cost_report (amounts are cents as decimal text).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

from msgspec import Struct

from madang.errors import InvalidRequest

Shape = Literal["openai", "anthropic"]
_NUSD = {"openai": Decimal(1_000_000_000), "anthropic": Decimal(10_000_000)}
_OPENAI_CACHED = "input_cached_tokens"


class Line(Struct, kw_only=True):
    """What a provider says of one day and one model; None: it does not say (a model: of all).

    Tokens of input contain the cached ones.
    """

    day: date
    model: str | None = None
    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cost_nusd: int | None = None


class Bill(Struct, frozen=True):
    """The days that a report covers with its counts, and with its costs; a line for each day and model.

    A page without any result covers its days with both: nothing was used, and nothing charged.
    """

    counted: frozenset[date]
    priced: frozenset[date]
    lines: tuple[Line, ...]

    @property
    def days(self) -> frozenset[date]:
        """All of them."""
        return self.counted | self.priced


def read_bill(text: str, shape: Shape, canonical: Callable[[str], str | None]) -> Bill:
    """A report: pages of usage, of costs, or both, as one JSON value, an array of them, or JSON Lines.

    `canonical` gives the name by which the ledger knows a model, None for what is no model. Raises
    InvalidRequest.
    """
    lines: dict[tuple[date, str | None], Line] = {}
    money: dict[tuple[date, str | None], Decimal] = {}
    counted: set[date] = set()
    priced: set[date] = set()
    try:
        for page in _pages(text):
            results = list(_results(page, shape))
            said = {"amount" in result for _, result in results if result is not None}
            days = {day for day, _ in results}
            counted |= days if said != {True} else set()
            priced |= days if said != {False} else set()
            for day, result in results:
                if result is None:
                    continue
                model, counts, amount = _READERS[shape](result, canonical)
                line = lines.setdefault((day, model), Line(day=day, model=model))
                for name, count in counts.items():
                    setattr(line, name, (getattr(line, name) or 0) + count)
                if amount is not None:
                    money[day, model] = money.get((day, model), Decimal()) + amount
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            f"This is no usage or cost report of {shape}: it is not JSON, in line {error.lineno}."
        ) from error
    except (KeyError, TypeError, AttributeError, ValueError, InvalidOperation) as error:
        raise InvalidRequest(f"This is no usage or cost report of {shape}: {error!r}.") from error
    for key, amount in money.items():
        lines[key].cost_nusd = int((amount * _NUSD[shape]).to_integral_value(ROUND_HALF_UP))
    ordered = sorted(lines.values(), key=lambda line: (line.day, line.model or ""))
    return Bill(frozenset(counted), frozenset(priced), tuple(ordered))


def _pages(text: str) -> Iterable[Mapping[str, Any]]:
    try:
        whole = json.loads(text, parse_float=Decimal)
    except ValueError:
        return [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _results(
    page: Mapping[str, Any], shape: Shape
) -> Iterator[tuple[date, Mapping[str, Any] | None]]:
    """Each result with its day; each day once with None, also where nothing was used."""
    for bucket in page["data"]:
        first, end = _bounds(bucket, shape)
        day = first.date()
        if (end - timedelta(microseconds=1)).date() != day:
            raise InvalidRequest("A bucket of this report is longer than a day: ask by day.")
        yield day, None
        for result in bucket["results"]:
            yield day, result


def _bounds(bucket: Mapping[str, Any], shape: Shape) -> tuple[datetime, datetime]:
    if shape == "openai":
        first, end = (int(bucket[name]) for name in ("start_time", "end_time"))
        return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(end, UTC)
    first_text, end_text = bucket["starting_at"], bucket["ending_at"]
    return (
        datetime.fromisoformat(first_text).astimezone(UTC),
        datetime.fromisoformat(end_text).astimezone(UTC),
    )


_Read = tuple[str | None, dict[str, int], Decimal | None]


def _openai(result: Mapping[str, Any], canonical: Callable[[str], str | None]) -> _Read:
    if result["object"] == "organization.costs.result":
        amount = result["amount"]
        _check_currency(amount["currency"])
        item = str(result.get("line_item") or "")
        return canonical(item.partition(",")[0]), {}, Decimal(amount["value"])
    counts = {
        "requests": int(result["num_model_requests"]),
        "input_tokens": int(result.get("input_tokens") or 0),
        "output_tokens": int(result.get("output_tokens") or 0),
        "cache_read_tokens": int(result.get(_OPENAI_CACHED) or 0),
    }
    return _model(result, canonical), counts, None


def _anthropic(result: Mapping[str, Any], canonical: Callable[[str], str | None]) -> _Read:
    if "amount" in result:
        _check_currency(result["currency"])
        return _model(result, canonical), {}, Decimal(result["amount"])
    read = int(result["cache_read_input_tokens"])
    written = sum(map(int, result["cache_creation"].values()))
    counts = {
        "input_tokens": int(result["uncached_input_tokens"]) + read + written,
        "output_tokens": int(result["output_tokens"]),
        "cache_read_tokens": read,
    }
    return _model(result, canonical), counts, None


_READERS = {"openai": _openai, "anthropic": _anthropic}


def _model(result: Mapping[str, Any], canonical: Callable[[str], str | None]) -> str | None:
    """The ledger's name of the model; a model that the catalogue does not know keeps its own."""
    said = result.get("model")
    return None if said is None else canonical(said) or str(said)


def _check_currency(currency: str) -> None:
    if currency.lower() != "usd":
        raise InvalidRequest(f"The report is in {currency}; the ledger counts dollars.")
