"""The settings as records: what `madang.yaml` can say, with its defaults.

Every record here is one level of the file; unknown keys are refused by the decoder. Seconds are
floats, sizes say their unit. Bounds stand beside the types and are checked when a file is read, not
when a record is made in code.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from madang.config.sections.alerts import Alert, Channel, Report, Telemetry
from madang.config.sections.budgets import Budget, Limit
from madang.config.sections.caching import Cache, Idempotency
from madang.config.sections.canaries import Canary
from madang.config.sections.drills import ScheduledDrill
from madang.config.sections.health import Breaker, Health
from madang.config.sections.keys import Keys
from madang.config.sections.media import Media
from madang.config.sections.models import Model
from madang.config.sections.payments import Payments
from madang.config.sections.plans import Plan
from madang.config.sections.prices import OwnPrice
from madang.config.sections.providers import Provider
from madang.config.sections.retries import Retries
from madang.config.sections.routes import Task

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Size = Annotated[int, Meta(ge=1, le=4096)]


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the HTTP edge.

    max_in_flight: requests at once per process, beyond which callers get 503. drain_s: how long
    open requests may take after SIGTERM. `origins`: the web pages that may ask from a browser, as
    `https://chat.example`, or `*`. `region` is where this gateway runs, `near` the regions that
    are next to it, the nearest first.
    """

    max_body_mb: Size = 64
    max_header_kb: Size = 64
    header_timeout_s: Seconds = 20.0
    body_timeout_s: Seconds = 60.0
    keep_alive_s: Seconds = 75.0
    max_in_flight: Count = 10_000
    drain_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0
    origins: tuple[str, ...] = ()
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
