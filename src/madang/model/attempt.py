"""Where a request can go, and what became of it."""

from typing import Literal

from msgspec import Struct, field

from madang.model.decision import Decision
from madang.model.kinds import Dialect, Feature


class Target(Struct, frozen=True, cache_hash=True):
    """One place that can answer: a model at a provider, spoken to in one dialect.

    `model` is the provider's own name for it; `canonical` the catalogue's (None: the catalogue does
    not know it). `lacks` is what it is known to be unable to do; `context_window` and `max_output`
    are tokens. None and absence mean that it is not known. `may_lose`: it may answer less than the
    whole request without the caller's leave. `home` is what the catalogue calls its provider (None: it
    does not know it); `is_private`: it is said to keep nothing of what it is asked.
    """

    provider: str
    model: str
    api: Dialect
    canonical: str | None = None
    region: str | None = None
    weight: int = 1
    lacks: frozenset[Feature] = frozenset()
    context_window: int | None = None
    max_output: int | None = None
    may_lose: bool = False
    home: str | None = None
    is_private: bool = False


Outcome = Literal["ok", "failed", "client_closed", "cut", "lost", "hit"]
"""ok: answered. failed: no answer. cut: broken after the first byte. client_closed: the caller left.

lost: this process died before it knew the end. hit: an answer that was paid for before was given again.
"""

Cached = Literal["hit", "miss", "shared", "replayed"]
"""hit: the cache answered. miss: it was asked in vain. shared: another caller's identical call was waited for.

replayed: the answer to an earlier request with the same Idempotency-Key.
"""


Arm = Literal["canary", "stable", "shadow"]
"""The side that was asked while a new target was on trial. shadow: a copy of a request, that nobody waited for."""


PASSED_OVER = frozenset(
    ("unsupported_feature", "context_overflow", "rate_limit", "provider_auth", "provider_quota")
)
"""Causes for which a target may not even be asked (then there is no status): what it cannot do, or hold, is known.

Or there is no room in our pacing toward it, or all keys for it rest.
"""


class Attempt(Struct, kw_only=True, omit_defaults=True):
    """One attempt at answering a request: a row of the ledger. Times are integers in µs, money in nano-dollars.

    `id` is `<request_id>.<n>`, n from 0. `at_us` is Unix time. `cost_nusd` None means that the
    price is unknown (never zero for unknown); `price` names the price row used. `status` is what
    the provider answered (0: nothing), `cause` the `errors.Kind` of a failure. `final` marks the
    attempt whose outcome the caller got; `overhead_us` is Madang's own share of the request's time
    up to the first byte, on the final attempt only. `account_id` is who pays (None: the key has no
    account), `provider_key` the first 8 characters of the provider's key. `cache_write_1h_tokens`
    are a part of `cache_write_tokens`, audio tokens parts of input or output. `units` are what is
    priced and no token, such as `images` or `video_ms`; `tier` is the service tier that was priced.
    `reserved_nusd` is what was set aside for the whole request (on its first attempt only),
    `saved_nusd` what an answer from the cache would have cost. `plan` is why the request went where it
    went (on its first attempt only; None: there was nothing to choose). `canary` names the trial of a new
    target that the request took part in, `arm` is the side this attempt was on, and `drawn` whether the
    draw had put the request on its side, and no wish of the caller. `traceparent` and `tracestate`
    are the caller's headers of that name (on its first attempt only; None: there were none). `injected`
    names the drill whose fault struck this attempt (None: what happened to it was real).
    """

    id: str
    request_id: str
    n: int
    at_us: int
    key_id: str
    account_id: str | None = None
    dialect: Dialect
    asked_model: str
    model: str
    provider: str
    api: Dialect
    outcome: Outcome
    status: int = 0
    final: bool = True
    streamed: bool = False
    region: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    stop: str | None = None
    cause: str | None = None
    detail: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    units: dict[str, int] = field(default_factory=dict)
    tier: str | None = None
    estimated: bool = False
    cost_nusd: int | None = None
    reserved_nusd: int | None = None
    saved_nusd: int | None = None
    price: str | None = None
    provider_key: str | None = None
    cache: Cached | None = None
    latency_us: int = 0
    first_token_us: int | None = None
    overhead_us: int = 0
    losses: tuple[str, ...] = ()
    plan: Decision | None = None
    canary: str | None = None
    arm: Arm | None = None
    drawn: bool = False
    traceparent: str | None = None
    tracestate: str | None = None
    injected: str | None = None

    @property
    def was_asked(self) -> bool:
        """Whether the provider was asked at all."""
        return self.outcome != "failed" or self.status != 0 or self.cause not in PASSED_OVER
