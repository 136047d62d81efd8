"""The settings as records: what `madang.yaml` can say, with its defaults.

Every record here is one level of the file; unknown keys are refused by the decoder. Seconds are
floats, sizes say their unit. Bounds stand beside the types and are checked when a file is read, not
when a record is made in code.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field, structs

from madang.config.scorer import ScorerRef
from madang.config.sections.alerts import Alert, Channel, Report, Telemetry
from madang.config.sections.budgets import Budget, Limit
from madang.config.sections.caching import Cache, Idempotency
from madang.config.sections.canaries import Canary, Shadow
from madang.config.sections.drills import ScheduledDrill
from madang.config.sections.health import Breaker, Health
from madang.config.sections.keys import Keys
from madang.config.sections.media import Media
from madang.config.sections.pacing import Off, Pace, Paces, Queue
from madang.config.sections.payments import Payments
from madang.config.sections.plans import Plan
from madang.config.sections.prices import OwnPrice
from madang.config.sections.retries import Hedge, Retries
from madang.config.sections.routes import Rule, Task, Tiers
from madang.model import Feature, ProviderKind

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Weight = Annotated[int, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Size = Annotated[int, Meta(ge=1, le=4096)]

Millis = Annotated[int, Meta(ge=1, le=3_600_000)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000_000)]

Pick = Literal["order", "weighted", "latency", "least-busy", "cost", "quality"]
Cause = Literal[
    "rate_limit",
    "provider_quota",
    "provider_auth",
    "overloaded",
    "timeout",
    "unreachable",
    "broken",
    "provider_failed",
    "unknown_model",
    "context_overflow",
    "unsupported_feature",
    "content_filter",
]


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


_SECRET = frozenset({"api_key", "api_keys", "headers", "webhook_secret"})


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
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

    kind: ProviderKind | None = None
    base_url: str | None = None
    api_key: str | None = None
    api_keys: tuple[str, ...] = ()
    apis: tuple[Literal["chat", "responses", "messages", "gemini"], ...] = ()
    region: str | None = None
    concurrency: Count | Off | None = None
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

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields as they may be shown; rich prints records by this."""
        fields = structs.asdict(self).items()
        return [(name, "***" if value and name in _SECRET else value) for name, value in fields]

    def __repr__(self) -> str:
        return f"Provider({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


class TargetRef(Struct, frozen=True, forbid_unknown_fields=True):
    """`to` is `provider/model`; `weight` its share under `pick: weighted`."""

    to: str
    weight: Weight = 1


class FallbackRef(Struct, frozen=True, forbid_unknown_fields=True):
    """`to` is a model or `provider/model`; `on` the causes it is for (none: all retryable ones)."""

    to: str
    on: tuple[Cause, ...] = ()


class LongContext(Struct, frozen=True, forbid_unknown_fields=True):
    """Prompts of more than `threshold_tokens` (estimated) go `to` a model or `provider/model` first."""

    to: str
    threshold_tokens: Tokens = 100_000


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """A name callers may ask for, and where it goes.

    `features`, `context_window` and `max_output` hold for all its targets, whatever the catalogue
    or the provider's settings say. `tiers` lead requests by their complexity, and stand in place of
    targets; `rules` lead some elsewhere, the first that fits. `sticky`: requests of one session go to
    one target. `latency_budget_ms`: how slow near regions may be before farther ones are asked (None:
    as slow as they are). `retries` stands for the whole section of that name (None: that section holds).
    `hedge`: None: one target is asked at a time. `shadow`: where copies of its requests go. `scorer`: the file
    of what judges complexity in the place of the rules.
    """

    targets: tuple[str | TargetRef, ...] = ()
    pick: Pick = "order"
    fallback: tuple[str | FallbackRef, ...] = ()
    long_context: LongContext | None = None
    features: dict[Feature, bool] = field(default_factory=dict)
    context_window: Tokens | None = None
    max_output: Tokens | None = None
    tiers: Tiers | None = None
    scorer: str | ScorerRef | None = None
    rules: tuple[Rule, ...] = ()
    sticky: bool = False
    latency_budget_ms: Millis | None = None
    retries: Retries | None = None
    shadow: Shadow | None = None
    hedge: Hedge | None = None


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the HTTP edge.

    max_in_flight: requests at once per process, beyond which callers get 503. drain_s: how long
    open requests may take after SIGTERM. `region` is where this gateway runs, `near` the regions that
    are next to it, the nearest first.
    """

    max_body_mb: Size = 64
    max_header_kb: Size = 64
    header_timeout_s: Seconds = 20.0
    body_timeout_s: Seconds = 60.0
    keep_alive_s: Seconds = 75.0
    max_in_flight: Count = 10_000
    drain_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    region: str | None = None
    near: tuple[str, ...] = ()


class Ledger(Struct, frozen=True, forbid_unknown_fields=True):
    """The journal. `fsync`: also survive a power cut, at a price (see docs/ledger.md)."""

    fsync: bool = False
    segment_mb: Size = 64


class Responses(Struct, frozen=True, forbid_unknown_fields=True):
    """Answers of the Responses API that are held, so that a later request can name one.

    keep_days: 0: none is held. max_mb: the largest conversation. key_mb: all of one key's together,
    beyond which its oldest go.
    """

    keep_days: Annotated[int, Meta(ge=0, le=3650)] = 30
    max_mb: Size = 8
    key_mb: Annotated[int, Meta(ge=1, le=1_048_576)] = 1024


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `unknown_price`: whether a budget lets pass what nobody knows the price of."""

    store: str = "sqlite"
    shared: str = "memory"
    providers: dict[str, Provider] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    server: Server = Server()
    breaker: Breaker = Breaker()
    health: Health = Health()
    ledger: Ledger = Ledger()
    responses: Responses = Responses()
    plans: dict[str, Plan] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    budgets: tuple[Budget, ...] = ()
    unknown_price: Literal["refuse", "allow"] = "refuse"
    cache: Cache | None = None
    idempotency: Idempotency = Idempotency()
    media: Media = Media()
    payments: Payments = Payments()
    keys: Keys = Keys()
    prices: tuple[OwnPrice, ...] = ()
    retries: Retries = Retries()
    canaries: dict[str, Canary] = field(default_factory=dict)
    drills: tuple[ScheduledDrill, ...] = ()
    alerts: tuple[Alert, ...] | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    report: Report = Report()
    telemetry: Telemetry = Telemetry()
    log: Literal["human", "json"] = "human"
