"""What is remembered of providers' keys and limits from one configuration to the next."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

from madang.model import Target
from madang.routing.limits.memory import Memory
from madang.routing.pacing.ceiling import Ceiling
from madang.routing.pacing.provider_keys import KeyLane, KeyState, Remembered
from madang.routing.pacing.rates import rates_of
from madang.routing.pacing.slots import Slots
from madang.routing.pacing.terms import Terms
from madang.routing.pacing.turnstile import Turnstile

_SHOWN: Final = 8


class Pacing:
    """Everything that outlives a configuration: the standing of keys, what was learned, calls under way.

    `memory` is where rates are counted; processes that share it keep one limit together. Calls at
    once are divided among them.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._keys: dict[tuple[str, bytes], KeyState] = {}
        self._remembered: dict[tuple[str, bytes, str], Remembered] = {}
        self._slots: dict[tuple[str, ...], Slots] = {}
        self._ceilings: dict[tuple[str, str], Ceiling] = {}

    def turnstile(self, target: Target, secrets: Sequence[str], terms: Terms) -> Turnstile:
        """The way to a target with a provider's keys, in their order."""
        provider, model = target.provider, target.model
        is_known = target.canonical is not None or terms.names(model)
        pace = terms.pace(model, target.canonical)
        key_pace = terms.key_pace(model, target.canonical)
        name = f"provider:{provider}/{model}"
        shared = rates_of(pace, name, self._memory, is_known=is_known)
        lanes = []
        for index, secret in enumerate(secrets or ("",)):
            digest = _digest(secret)
            own = rates_of(key_pace, f"{name}:{digest.hex()}", self._memory, is_known=is_known)
            at_once = key_pace.concurrency if key_pace is not None else None
            lanes.append(
                KeyLane(
                    index,
                    self._key(provider, digest, secret),
                    self._remembered.setdefault((provider, digest, model), Remembered()),
                    shared.and_also(own),
                    self._at_once(at_once, provider, model, digest.hex()) if at_once else None,
                )
            )
        slots = [self._at_once(terms.concurrency, provider)]
        if pace is not None and pace.concurrency is not None:
            slots.append(self._at_once(pace.concurrency, provider, model))
        ceiling = self._ceiling(provider, model, slots[-1].limit) if terms.is_adaptive else None
        if ceiling is not None:
            slots.append(ceiling.slots)
        return Turnstile(
            self._memory,
            tuple(lanes),
            tuple(slots),
            (pace, key_pace),
            is_paced=terms.is_paced,
            ceiling=ceiling,
        )

    def known_keys(self) -> list[tuple[str, KeyState]]:
        """Every key that was ever in force and is used or remembered, with its provider's name."""
        return [(provider, state) for (provider, _), state in self._keys.items()]

    def keep(self, in_force: Mapping[str, Sequence[str]]) -> None:
        """Forget the keys that are in force no more; requests that go with them end as they began."""
        kept = {(name, _digest(one)) for name, keys in in_force.items() for one in keys or ("",)}
        self._keys = {name: state for name, state in self._keys.items() if name in kept}
        self._remembered = {
            name: remembered for name, remembered in self._remembered.items() if name[:2] in kept
        }

    def forget_idle(self) -> None:
        """Forget what is nothing to remember, when there is too much of it: callers may make up names of models."""
        self._remembered = {
            name: remembered
            for name, remembered in self._remembered.items()
            if not remembered.learned.is_quiet or remembered.barred.cause is not None
        }
        self._slots = {
            name: slots for name, slots in self._slots.items() if slots.taken or len(name) == 1
        }
        self._ceilings = {name: one for name, one in self._ceilings.items() if one.slots.taken}

    def _key(self, provider: str, digest: bytes, secret: str) -> KeyState:
        return self._keys.setdefault(
            (provider, digest), KeyState(secret[: min(_SHOWN, len(secret) // 2)])
        )

    def _ceiling(self, provider: str, model: str, most: int) -> Ceiling:
        ceiling = self._ceilings.setdefault((provider, model), Ceiling(most))
        ceiling.configure(most)
        return ceiling

    def _at_once(self, limit: int | None, *name: str) -> Slots:
        slots = self._slots.get(name)
        if slots is None:
            slots = self._slots[name] = Slots(limit, self._memory.workers)
        slots.configure(limit, self._memory.workers)
        return slots


def _digest(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=8).digest()
