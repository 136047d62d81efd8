"""The administration of the providers' keys that the store holds, over HTTP."""

import time

import msgspec

from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime
from madang.state.vault import StoredKey


class AddProviderKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key that a provider has given. It is sealed, and never shown again."""

    provider: str
    key: str


class Rekeyed(msgspec.Struct):
    """The master key by its id, and how many keys it seals now."""

    master_id: str
    keys: int


def add_provider_key(runtime: Runtime, _: str, body: AddProviderKey) -> StoredKey:
    """Store a provider's key; in use within a second."""
    return runtime.vault.add(body.provider, body.key, now_s=time.time())


def list_provider_keys(runtime: Runtime, _: str, __: None) -> list[StoredKey]:
    """The stored keys of providers, without the keys."""
    standing = runtime.board.pacing.known_keys()
    resting = [
        (provider, state.prefix) for provider, state in standing if state.rest.cause is not None
    ]
    return [
        msgspec.structs.replace(key, is_resting=_is_among(key, resting))
        for key in runtime.vault.list()
    ]


def remove_provider_key(runtime: Runtime, key_id: str, _: None) -> StoredKey:
    """Forget a provider's key; out of use within a second, and requests under way end with it."""
    return runtime.vault.remove(key_id, now_s=time.time())


def rekey(runtime: Runtime, _: str, __: None) -> Rekeyed:
    """Seal every stored key anew: with a new master key, or with the first of $MADANG_SECRET_KEY."""
    master_id, count = runtime.vault.rekey()
    return Rekeyed(master_id, count)


def _is_among(key: StoredKey, named: list[tuple[str, str]]) -> bool:
    """Whether one of these providers and first characters can be this key's."""
    return any(
        provider == key.provider and prefix.startswith(key.prefix) for provider, prefix in named
    )


PROVIDER_KEYS = (
    Operation("POST", "/api/provider-keys", add_provider_key, StoredKey, AddProviderKey, 201),
    Operation("GET", "/api/provider-keys", list_provider_keys, list[StoredKey]),
    Operation("DELETE", "/api/provider-keys/{id}", remove_provider_key, StoredKey),
    Operation("POST", "/api/secrets/rekey", rekey, Rekeyed),
)
"""The rows of the administration's table that are about providers' keys."""
