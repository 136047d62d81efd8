"""Where `madang key` and `madang provider key` administer: the store of a home folder, or a running gateway over HTTP.

Both answer with the same records, so that a command prints one shape.
"""

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import click
import msgspec

from madang.cli.options.configuration import warn_s
from madang.cli.options.master_key import master_environ, secret_key_file_option
from madang.cli.options.office import HomeOffice, chosen_gateway, place_options
from madang.client import Gateway
from madang.keys import Keyring
from madang.keys.desk import Desk
from madang.keys.requests import ChangeKey, CreateKey, RotateKey, RotateKeys
from madang.keys.responses import KeyMade, KeyShown
from madang.state.store import Store
from madang.state.vault import MasterKeys, StoredKey, Vault

R = TypeVar("R")
T = TypeVar("T")


class KeyOffice(Protocol):
    """What can be asked about callers' keys; see `keys.desk.Desk`. Everything raises MadangError."""

    def create(self, asked: CreateKey) -> KeyMade:
        """Make a key."""

    def list_keys(self) -> list[KeyShown]:
        """Every key that was ever made."""

    def show(self, key_id: str) -> KeyShown:
        """One key."""

    def change(self, key_id: str, asked: ChangeKey) -> KeyShown:
        """Change one."""

    def rotate(self, key_id: str, asked: RotateKey) -> KeyMade:
        """Give one a new secret."""

    def rotate_many(self, asked: RotateKeys) -> list[KeyMade]:
        """Give many new secrets, all or none."""

    def revoke(self, key_id: str) -> KeyShown:
        """End one."""


class RemoteKeys:
    """The keys of a running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def create(self, asked: CreateKey) -> KeyMade:
        """Make a key."""
        return self._call("POST", "/api/keys", KeyMade, asked)

    def list_keys(self) -> list[KeyShown]:
        """Every key that was ever made."""
        return self._call("GET", "/api/keys", list[KeyShown])

    def show(self, key_id: str) -> KeyShown:
        """One key."""
        return self._call("GET", _path(key_id), KeyShown)

    def change(self, key_id: str, asked: ChangeKey) -> KeyShown:
        """Change one."""
        return self._call("PATCH", _path(key_id), KeyShown, asked)

    def rotate(self, key_id: str, asked: RotateKey) -> KeyMade:
        """Give one a new secret."""
        return self._call("POST", f"{_path(key_id)}/rotate", KeyMade, asked)

    def rotate_many(self, asked: RotateKeys) -> list[KeyMade]:
        """Give many new secrets, all or none."""
        return self._call("POST", "/api/rotations", list[KeyMade], asked)

    def revoke(self, key_id: str) -> KeyShown:
        """End one."""
        return self._call("DELETE", _path(key_id), KeyShown)

    def _call(
        self, method: str, path: str, gives: type[T], asked: msgspec.Struct | None = None
    ) -> T:
        body = None if asked is None else msgspec.to_builtins(asked)
        return msgspec.convert(self._gateway.call(method, path, body).json(), gives)


class VaultOffice(Protocol):
    """What can be asked about the stored keys of providers. Everything raises MadangError."""

    def add(self, provider: str, raw: str) -> StoredKey:
        """Seal a key and keep it."""

    def list_keys(self) -> list[StoredKey]:
        """Those that there are."""

    def remove(self, key_id: str) -> StoredKey:
        """Forget one."""

    def rekey(self) -> tuple[str, int]:
        """Seal all of them anew: the id of the master key, and how many."""


class HomeVault:
    """The stored keys of a home folder; a gateway that runs on it notices changes by itself."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.rekey = vault.rekey

    def add(self, provider: str, raw: str) -> StoredKey:
        """Seal a key and keep it."""
        return self._vault.add(provider, raw, now_s=time.time())

    def list_keys(self) -> list[StoredKey]:
        """Those that there are."""
        return list(self._vault.list())

    def remove(self, key_id: str) -> StoredKey:
        """Forget one."""
        return self._vault.remove(key_id, now_s=time.time())


class RemoteVault:
    """The stored keys of a running gateway, with its admin key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def add(self, provider: str, raw: str) -> StoredKey:
        """Seal a key and keep it."""
        body = {"provider": provider, "key": raw}
        return msgspec.convert(self._gateway.call("POST", _KEPT, body).json(), StoredKey)

    def list_keys(self) -> list[StoredKey]:
        """Those that there are."""
        return msgspec.convert(self._gateway.get(_KEPT), list[StoredKey])

    def remove(self, key_id: str) -> StoredKey:
        """Forget one."""
        path = f"{_KEPT}/{quote(key_id, safe='')}"
        return msgspec.convert(self._gateway.call("DELETE", path).json(), StoredKey)

    def rekey(self) -> tuple[str, int]:
        """Seal all of them anew: the id of the master key, and how many."""
        done = self._gateway.call("POST", "/api/secrets/rekey").json()
        return str(done["master_id"]), int(done["keys"])


_KEPT = "/api/provider-keys"


def at_keys(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `place_options`, and call it with the callers' keys they lead to."""

    @place_options
    @functools.wraps(function)
    def command(home: Path, url: str | None, key: str | None, **options: Any) -> R:  # noqa: ANN401
        gateway = chosen_gateway(url, key)
        if gateway is not None:
            return function(RemoteKeys(gateway), **options)
        makes = function.__name__ == "create"
        with _store(home, makes=makes) as store:
            return function(Desk(Keyring(store), time.time(), warn_s(home)), **options)

    return command


def at_vault(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command `place_options` and `--secret-key-file`, and call it with the stored keys they lead to."""

    @secret_key_file_option
    @place_options
    @functools.wraps(function)
    def command(
        home: Path,
        url: str | None,
        key: str | None,
        secret_key_file: Path | None,
        **options: Any,  # noqa: ANN401
    ) -> R:
        gateway = chosen_gateway(url, key)
        if gateway is not None:
            if secret_key_file is not None:
                raise click.UsageError("A running gateway has its own --secret-key-file.")
            return function(RemoteVault(gateway), **options)
        with _store(home, makes=True) as store:
            masters = MasterKeys(home, master_environ(secret_key_file))
            return function(HomeVault(Vault(store, masters)), **options)

    return command


@contextmanager
def _store(home: Path, *, makes: bool) -> Iterator[Store]:
    """The store of a home folder, which a question must not make."""
    office = HomeOffice(home)
    try:
        yield office.made() if makes else office.existing()
    finally:
        office.close()


def _path(key_id: str) -> str:
    return f"/api/keys/{quote(key_id, safe='')}"
