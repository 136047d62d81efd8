"""Where a command administers: the store of a home folder, or a running gateway over HTTP.

Both answer with what the HTTP API answers, so that a command prints one shape.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import click
import msgspec
from click.core import ParameterSource

from madang.cli.options.home import home_option
from madang.client import Gateway, GatewayError
from madang.errors import NotFound, StoreUnavailable
from madang.keys import Keyring
from madang.ledger.ingest.background import IngestThread
from madang.ledger.ingest.ingester import Ingester
from madang.ledger.reports import usage as ledger
from madang.state.store import DATABASE, Store

R = TypeVar("R")
Row = dict[str, Any]

_CATCH_UP_S = 5.0
_STOP_S = 1.0


class Office(Protocol):
    """What can be asked of an installation. Everything raises MadangError."""

    def list_keys(self) -> list[Row]:
        """Every key that was ever made."""

    def usage(self, first: date, last: date, by: Sequence[str]) -> list[Row]:
        """Sums over days, both included."""

    def request(self, request_id: str) -> Row:
        """The story of one request."""


class HomeOffice:
    """An installation through its store; a gateway that runs on it notices changes by itself."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._opened: Store | None = None

    def list_keys(self) -> list[Row]:
        """Every key that was ever made."""
        return [msgspec.to_builtins(key) for key in Keyring(self.existing()).list()]

    def usage(self, first: date, last: date, by: Sequence[str]) -> list[Row]:
        """Sums over all keys."""
        return ledger.usage(self.settled(), from_day=first, to_day=last, by=by)

    def request(self, request_id: str) -> Row:
        """The story of one request, of whichever key."""
        found = ledger.request(self.settled(), request_id)
        if found is None:
            raise NotFound(f"There is no request {request_id!r} in {self._home}.")
        return found

    def close(self) -> None:
        """Let go of the store."""
        if self._opened is not None:
            self._opened.close()

    def made(self) -> Store:
        """The store, made where there is none yet."""
        if self._opened is None:
            self._opened = Store(self._home)
        return self._opened

    def existing(self) -> Store:
        """The store, which a question must not create."""
        if not (self._home / DATABASE).exists():
            raise NotFound(f"No gateway was ever started in {self._home}: see `madang up --help`.")
        return self.made()

    def settled(self) -> Store:
        """The store with all in it that the journal holds by now.

        A running gateway moves it itself; where none runs, it is moved here.
        """
        store = self.existing()
        ingest = IngestThread(Ingester(store, self._home / "journal"))
        ingest.start()
        try:
            if not ingest.catch_up(_CATCH_UP_S):
                raise StoreUnavailable("The journal is not moving into the store; ask again later.")
        finally:
            ingest.stop(_STOP_S)
        return store


class RemoteOffice:
    """A running gateway. Keys need its admin key; usage and requests are those of the key given."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def list_keys(self) -> list[Row]:
        """Every key that was ever made."""
        rows: list[Row] = self._gateway.get("/api/keys")
        return rows

    def usage(self, first: date, last: date, by: Sequence[str]) -> list[Row]:
        """Sums over the key given; over all keys, if it is the admin key."""
        query = {"from": first.isoformat(), "to": last.isoformat(), "by": ",".join(by)}
        rows: list[Row] = self._gateway.get("/v1/usage", query)["rows"]
        return rows

    def request(self, request_id: str) -> Row:
        """The story of one request."""
        story: Row = self._gateway.get(f"/v1/requests/{quote(request_id, safe='')}")
        return story


def place_options(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `--home`, `--url` and `--key`; see `chosen_gateway`."""
    for option in (
        click.option("--key", envvar="MADANG_KEY", show_envvar=True, help="The key for --url."),
        click.option(
            "--url",
            envvar="MADANG_URL",
            show_envvar=True,
            help="A running gateway to ask, instead of the state in --home.",
        ),
        home_option,
    ):
        function = option(function)
    return function


def at_office(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `place_options`, and call it with the office they lead to."""

    @place_options
    @functools.wraps(function)
    def command(home: Path, url: str | None, key: str | None, **options: Any) -> R:  # noqa: ANN401
        with _office(home, chosen_gateway(url, key)) as office:
            return function(office, **options)

    return command


def chosen_gateway(url: str | None, key: str | None) -> Gateway | None:
    """The gateway to speak to, or None for the home folder.

    The command line counts more than the environment; naming both places there is a mistake.
    """
    context = click.get_current_context()
    at_home, at_url = (
        context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        for name in ("home", "url")
    )
    if at_home and at_url:
        raise click.UsageError("--home and --url name two places; give one of them.")
    if not url or at_home:
        return None
    if not key:
        raise click.UsageError("--url needs a key: give --key, or set MADANG_KEY.")
    try:
        return Gateway(url, key)
    except GatewayError as error:
        raise click.UsageError(error.message) from error


@contextmanager
def _office(home: Path, gateway: Gateway | None) -> Iterator[Office]:
    if gateway is not None:
        yield RemoteOffice(gateway)
        return
    office = HomeOffice(home)
    try:
        yield office
    finally:
        office.close()
