"""Asking two models the same, and a third which answer is better: over the public API, as any caller would."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, NamedTuple

from madang.cli.offices.compare import RemoteComparisons
from madang.client import Gateway, GatewayError, Reply
from madang.errors import InvalidRequest, MadangError
from madang.quality.judging import Verdict, combined, question, read_verdict
from madang.quality.records import (
    AddPairs,
    ComparedAnswer,
    ComparedPair,
    Comparison,
    GiveRating,
    NextAsked,
    NextPair,
)

_PATH = "/v1/chat/completions"
_FRESH = {"x-madang-cache": "off"}
_NANO = 1_000_000_000
_HOPELESS = frozenset({0, 401, 402, 403, 404})
"""Statuses that every other prompt would get, too: 0 is a gateway that is not there."""

_TRIES = 2
_MAX_ERROR = 1000


class Wish(NamedTuple):
    """How models are asked: the answer's bound (None: their own), and how many prompts at once."""

    max_tokens: int | None
    at_once: int


def ask_all(
    gateway: Gateway, comparison: Comparison, prompts: Sequence[list[dict[str, Any]]], wish: Wish
) -> Iterator[ComparedPair]:
    """Ask both models each prompt and keep every pair as it comes. Raises GatewayError where none would be answered."""
    office = RemoteComparisons(gateway)

    def ask_both(numbered: tuple[int, list[dict[str, Any]]]) -> ComparedPair:
        number, prompt = numbered
        models = (comparison.a, comparison.b)
        first, second = (models, models[::-1])[number % 2]  # neither is always asked first
        given = {model: _answer(gateway, model, prompt, wish) for model in (first, second)}
        return ComparedPair(prompt, given[comparison.a], given[comparison.b])

    with ThreadPoolExecutor(wish.at_once) as pool:
        try:
            for pair in pool.map(ask_both, enumerate(prompts)):
                office.add(comparison.id, AddPairs([pair]))
                yield pair
        except GatewayError:
            pool.shutdown(cancel_futures=True)
            raise


def judge_all(gateway: Gateway, comparison: Comparison, model: str) -> Iterator[str | None]:
    """Have a model judge every pair that it has not judged; for each, None or why there is no verdict."""
    office, after = RemoteComparisons(gateway), 0
    while True:
        pair = office.next(comparison.id, NextAsked(model, "model", after))
        if pair.pair is None:
            return
        after = pair.pair
        try:
            verdicts = [
                _verdict(gateway, model, pair, swapped=swapped) for swapped in (False, True)
            ]
        except InvalidRequest as fault:
            yield fault.message
            continue
        better, note = combined(*verdicts)
        office.rate(comparison.id, GiveRating(pair.pair, better, model, note, "model"))
        yield None


def _answer(
    gateway: Gateway, model: str, prompt: list[dict[str, Any]], wish: Wish
) -> ComparedAnswer:
    body: dict[str, Any] = {"model": model, "messages": prompt}
    if wish.max_tokens is not None:
        body["max_tokens"] = wish.max_tokens
    begun = time.perf_counter()
    try:
        reply = gateway.call("POST", _PATH, body, _FRESH)
    except GatewayError as error:
        if error.status in _HOPELESS:
            raise
        return ComparedAnswer(error=error.message[:_MAX_ERROR])
    latency_us = round((time.perf_counter() - begun) * 1e6)
    text, usage = _content(reply), reply.json().get("usage") or {}
    return ComparedAnswer(
        text=text or None,
        error=None if text else "the answer holds no text",
        request_id=reply.headers.get("x-request-id"),
        answered_by="/".join(
            reply.headers.get(f"x-madang-{n}", "?") for n in ("provider", "model")
        ),
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
        cost_nusd=_cost_nusd(reply),
        latency_us=latency_us,
    )


def _verdict(gateway: Gateway, model: str, pair: NextPair, *, swapped: bool) -> Verdict:
    """What the judge says of two answers in one order; one that is no verdict is asked for once more."""
    fault: MadangError = InvalidRequest("The judge gave no verdict.")
    for _ in range(_TRIES):
        reply = gateway.call("POST", _PATH, question(model, pair, swapped=swapped), _FRESH)
        try:
            return read_verdict(_content(reply))
        except InvalidRequest as problem:
            fault = problem
    raise fault


def _content(reply: Reply) -> str:
    try:
        return str(reply.json()["choices"][0]["message"].get("content") or "")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise GatewayError("The answer is no chat completion.", reply.status) from error


def _cost_nusd(reply: Reply) -> int | None:
    told = reply.headers.get("x-madang-cost-usd")
    return int(Decimal(told) * _NANO) if told else None
