"""What is done about keys in the background: uses entered in the store, their owners told of what ends.

Requests only count in memory; here it is written down, a few seconds later.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from operator import attrgetter

from madang.errors import StoreUnavailable
from madang.keys import Keyring
from madang.keys.expiry import DAY_S, expiring, spelled
from madang.model import Attempt
from madang.state.vault import Vault

_log = logging.getLogger("madang.keys")
_SAVE_S = 3.0
_key = attrgetter("provider", "provider_key")
_moment = attrgetter("at_us")


class KeyKeeper:
    """Looks after the keys of one process. `tells`: whether this process of several says what ends soon."""

    def __init__(self, keyring: Keyring, vault: Vault, *, tells: bool) -> None:
        self._keyring = keyring
        self._vault = vault
        self._tells = tells
        self._save_at = 0.0
        self._tell_at = 0.0
        self._used: dict[tuple[str, str | None], int] = {}

    def saw(self, attempts: Sequence[Attempt]) -> None:
        """Note which keys of providers were used, by their first characters."""
        self._used.update(zip(map(_key, attempts), map(_moment, attempts), strict=True))

    async def tend(self, now_s: float, warn_s: float) -> None:
        """Do what is due. Raises StoreUnavailable; what could not be entered then is not told again."""
        if self._tells and now_s >= self._tell_at:
            self._tell_at = now_s + DAY_S
            self._tell(now_s, warn_s)
        if time.monotonic() >= self._save_at:
            self._save_at = time.monotonic() + _SAVE_S
            await self.save()

    async def save(self) -> None:
        """Enter what was used in the store, and say whose replaced secret it was."""
        taken = self._keyring.take_uses()
        seen, self._used = self._used, {}
        used = {
            (provider, prefix): at_us // 1_000_000
            for (provider, prefix), at_us in seen.items()
            if prefix is not None
        }
        if used and self._vault.opened.keys:
            await asyncio.to_thread(self._vault.save_uses, used)
        for key in await asyncio.to_thread(self._keyring.save_uses, taken):
            _log.warning(
                "the key %r (%s) is still used with a secret that was replaced", key.name, key.id
            )

    async def close(self) -> None:
        """Enter the last uses; a store that cannot take them does not keep a process from ending."""
        try:
            await self.save()
        except StoreUnavailable as error:
            _log.warning("the last uses of keys are not entered: %s", error.message)

    def _tell(self, now_s: float, warn_s: float) -> None:
        soon = expiring(self._keyring.list(), now_s, warn_s)
        if soon:
            _log.warning("keys that expire soon: %s", spelled(soon))
