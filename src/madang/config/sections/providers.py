"""The section `providers` as records: who is asked, in which formats, with which keys, and how long for."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from madang.config.addresses import base_url_fault
from madang.config.problems import Fault, Path
from madang.config.secretive import Secretive
from madang.config.sections.health import Breaker, health_faults
from madang.config.sections.pacing import Off, Pace, Paces, Queue, pace_faults
from madang.model import Feature, ProviderKind

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Calls = Annotated[int, Meta(ge=1, le=1_000_000)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000_000)]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a provider, a region or a plan may be called."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_HEADER_VALUE = re.compile(r"[ -~]{0,8192}")
_KEY = re.compile(r"[!-~]+")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
)


class Timeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait, in seconds.

    connect: DNS, TCP and TLS together. first_byte: from the request sent to the answer's status
    line. first_token: to the first bytes of a streamed answer's body. idle: between two reads.
    total: the whole exchange.
    """

    connect_s: Seconds = 5.0
    first_byte_s: Seconds = 120.0
    first_token_s: Seconds = 120.0
    idle_s: Seconds = 60.0
    total_s: Seconds = 900.0


class Provider(Secretive, frozen=True, forbid_unknown_fields=True):
    """One provider. For a name of the catalogue, `kind`, `base_url` and `apis` default to its row.

    `apis`: the wire formats it serves, first one preferred. `serves`: `listed` (the models the
    catalogue lists for it) or `all` (every model, under its own name). `headers` are added to every
    request. `concurrency`: at most so many calls at once; `limits`: how fast each model may be asked
    (both None: the catalogue's defaults), `key_limits`: how fast with any one key; `queue`: who may
    wait for that. `adaptive`: how many calls at once a model bears is found out. `breaker`: when its
    models are given a rest, `breakers`: when single ones are, by name; `probe`: the free path that
    shows that it is there (None: its list of models), or `off`. `features`, `context_window` and
    `max_output` hold for all its models, whatever the catalogue says of them. `lossy: allow` lets
    it answer less than the whole request, as if every caller had allowed that. `data: private` says
    that it keeps nothing of what it is asked. `trace: pass`: it gets callers' `traceparent`. Keys and
    the values of headers are plain text here, and are never shown when the record is printed or logged.
    """

    secret_names: ClassVar[frozenset[str]] = frozenset(
        {"api_key", "api_keys", "headers", "webhook_secret"}
    )

    kind: ProviderKind | None = None
    base_url: str | None = None
    api_key: str | None = None
    api_keys: tuple[str, ...] = ()
    apis: tuple[Literal["chat", "responses", "messages", "gemini"], ...] = ()
    region: str | None = None
    concurrency: Calls | Off | None = None
    limits: Paces | None = None
    key_limits: dict[str, Pace] = field(default_factory=dict)
    queue: Queue = Queue()
    adaptive: bool = False
    breaker: Breaker | None = None
    breakers: dict[str, Breaker] = field(default_factory=dict)
    probe: str | None = None
    serves: Literal["listed", "all"] = "listed"
    headers: dict[str, str] = field(default_factory=dict)
    timeouts: Timeouts = Timeouts()
    features: dict[Feature, bool] = field(default_factory=dict)
    context_window: Tokens | None = None
    max_output: Tokens | None = None
    lossy: Literal["refuse", "allow"] = "refuse"
    data: Literal["shared", "private"] = "shared"
    trace: Literal["keep", "pass"] = "keep"
    makes: dict[Literal["videos", "speech", "images", "transcriptions"], tuple[str, ...]] = field(
        default_factory=dict
    )
    webhook_secret: str | None = None
    webhook_keys: str | None = None
    platform_url: str | None = None


def provider_faults(providers: Mapping[str, Provider]) -> Iterator[Fault]:
    """What is wrong with providers of the right shape."""
    for name, provider in providers.items():
        yield from _provider_faults(("providers", name), name, provider)


def _provider_faults(path: Path, name: str, provider: Provider) -> Iterator[Fault]:
    if not NAME.fullmatch(name):
        yield (
            path,
            "a provider's name is up to 64 letters, digits, `.`, `_`, `-`, and starts with no sign",
        )
    for key in ("base_url", "platform_url"):
        url = getattr(provider, key)
        fault = base_url_fault(url) if url is not None else None
        if fault:
            yield (*path, key), fault
    if provider.region is not None and not NAME.fullmatch(provider.region):
        yield (*path, "region"), "a region is a short name such as `eu` or `us-east-1`"
    yield from _key_faults(path, provider)
    yield from health_faults(path, provider.breaker, provider.breakers, provider.probe)
    yield from pace_faults((*path, "limits"), provider.limits)
    yield from pace_faults((*path, "key_limits"), provider.key_limits)
    yield from _header_faults((*path, "headers"), provider.headers)


def key_fault(key: str) -> str | None:
    """Why a provider's key cannot be sent in a header; None when it can."""
    if not key:
        return "the key is empty; set it or remove the provider"
    if not _KEY.fullmatch(key):
        return "the key holds a space, a line break or a character outside ASCII; copy it again"
    return None


def _key_faults(path: Path, provider: Provider) -> Iterator[Fault]:
    if provider.api_key is not None and provider.api_keys:
        yield (*path, "api_keys"), "give either `api_key` or `api_keys`, not both"
    keys = [] if provider.api_key is None else [((*path, "api_key"), provider.api_key)]
    keys += [((*path, "api_keys", index), key) for index, key in enumerate(provider.api_keys)]
    for place, key in keys:
        fault = key_fault(key)
        if fault:
            yield place, fault


def _header_faults(path: Path, headers: dict[str, str]) -> Iterator[Fault]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield (*path, name), "not a header's name"
        elif name.lower() in _OWN_HEADERS:
            yield (*path, name), "Madang sets this header itself; remove it"
        if not _HEADER_VALUE.fullmatch(value):
            yield (*path, name), "a header's value is printable ASCII on one line"
