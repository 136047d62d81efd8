"""Where `madang compare` works: the store of a home folder, or a running gateway over HTTP.

Both answer with the records of `quality`. What asks models needs a gateway that runs: the one at --url, or one
that is started on the home folder for as long as the command takes.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from madang import catalog as catalogue
from madang.catalog.scores import Scores
from madang.cli.options.place import in_place
from madang.client import Gateway
from madang.drills.testbed import start_gateway_at
from madang.errors import NotFound
from madang.quality import ComparisonDesk
from madang.quality.records import (
    AddPairs,
    Comparison,
    CreateComparison,
    GiveRating,
    ModelQuality,
    NextAsked,
    NextPair,
    PairsAdded,
    PairsAsked,
    RatedPair,
    Rating,
    Results,
)
from madang.state.store import DATABASE, Store

R = TypeVar("R")
T = TypeVar("T")

_PATIENCE_S = 900.0
_PATH = "/api/comparisons"
_PAGE = 100


class CompareOffice(Protocol):
    """What can be asked of kept comparisons; see `quality.desk`. Everything raises MadangError."""

    def all(self) -> list[Comparison]:
        """Every comparison."""

    def next(self, comparison_id: str, asked: NextAsked) -> NextPair:
        """Two answers to judge."""

    def rate(self, comparison_id: str, given: GiveRating) -> Rating:
        """Keep a verdict."""

    def pairs(self, comparison_id: str, asked: PairsAsked) -> list[RatedPair]:
        """Pairs with their answers and verdicts."""

    def results(self, comparison_id: str) -> Results:
        """What came of it."""

    def remove(self, comparison_id: str) -> Comparison:
        """Forget one."""

    def qualities(self) -> list[ModelQuality]:
        """What all ratings make of models."""


class HomeComparisons:
    """The comparisons of a home folder."""

    def __init__(self, desk: ComparisonDesk) -> None:
        self._desk = desk
        self.all = desk.all
        self.next = desk.next
        self.pairs = desk.pairs
        self.results = desk.results
        self.qualities = desk.qualities

    @classmethod
    def of(cls, store: Store) -> "HomeComparisons":
        """Those of a store."""
        return cls(ComparisonDesk(store, Scores(catalogue.load()).quality_of))

    def rate(self, comparison_id: str, given: GiveRating) -> Rating:
        """Keep a verdict."""
        return self._desk.rate(comparison_id, given, _now_us())

    def remove(self, comparison_id: str) -> Comparison:
        """Forget one."""
        return self._desk.remove(comparison_id, _now_us())


class RemoteComparisons:
    """The comparisons of a running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def create(self, asked: CreateComparison) -> Comparison:
        """Begin a comparison."""
        return self._call("POST", _PATH, Comparison, asked)

    def add(self, comparison_id: str, asked: AddPairs) -> PairsAdded:
        """Keep what was asked and answered."""
        return self._call("POST", _path(comparison_id, "pairs"), PairsAdded, asked)

    def all(self) -> list[Comparison]:
        """Every comparison."""
        return self._call("GET", _PATH, list[Comparison])

    def next(self, comparison_id: str, asked: NextAsked) -> NextPair:
        """Two answers to judge."""
        return self._call("GET", _path(comparison_id, "next", asked), NextPair)

    def rate(self, comparison_id: str, given: GiveRating) -> Rating:
        """Keep a verdict."""
        return self._call("POST", _path(comparison_id, "ratings"), Rating, given)

    def pairs(self, comparison_id: str, asked: PairsAsked) -> list[RatedPair]:
        """Pairs with their answers and verdicts."""
        return self._call("GET", _path(comparison_id, "pairs", asked), list[RatedPair])

    def results(self, comparison_id: str) -> Results:
        """What came of it."""
        return self._call("GET", _path(comparison_id), Results)

    def remove(self, comparison_id: str) -> Comparison:
        """Forget one."""
        return self._call("DELETE", _path(comparison_id), Comparison)

    def qualities(self) -> list[ModelQuality]:
        """What all ratings make of models."""
        return self._call("GET", "/api/quality", list[ModelQuality])

    def _call(
        self, method: str, path: str, gives: type[T], asked: msgspec.Struct | None = None
    ) -> T:
        body = None if asked is None else msgspec.to_builtins(asked)
        return msgspec.convert(self._gateway.call(method, path, body).json(), gives)


def at_comparisons(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of a place, and call it with the comparisons there."""
    return in_place(_office, function)


def at_models(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options of a place, and call it with a gateway that answers there."""
    return in_place(_answering, function)


def every_pair(office: CompareOffice, comparison_id: str) -> Iterator[RatedPair]:
    """All pairs of a comparison, in the order of the prompts."""
    after = 0
    while page := office.pairs(comparison_id, PairsAsked(after, _PAGE)):
        yield from page
        after = page[-1].id


@contextmanager
def _office(home: Path, gateway: Gateway | None, _: Path | None) -> Iterator[CompareOffice]:
    if gateway is not None:
        yield RemoteComparisons(gateway)
        return
    if not (home / DATABASE).exists():
        raise NotFound(f"Nothing was compared in {home}: see `madang compare run --help`.")
    store = Store(home)
    try:
        yield HomeComparisons.of(store)
    finally:
        store.close()


@contextmanager
def _answering(home: Path, gateway: Gateway | None, config: Path | None) -> Iterator[Gateway]:
    if gateway is not None:
        yield gateway.patient(_PATIENCE_S)
        return
    with start_gateway_at(home, config, os.environ) as running:
        yield Gateway(running.url, running.admin_key, timeout_s=_PATIENCE_S)


def _path(comparison_id: str, below: str = "", query: msgspec.Struct | None = None) -> str:
    path = f"{_PATH}/{quote(comparison_id, safe='')}{f'/{below}' if below else ''}"
    return f"{path}?{urlencode(msgspec.to_builtins(query))}" if query else path


def _now_us() -> int:
    return time.time_ns() // 1000
