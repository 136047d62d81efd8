"""The sections `alerts`, `channels`, `report` and `telemetry` as records: what is said to whom, and when."""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from madang.config.addresses import url_fault
from madang.config.problems import Fault, Path
from madang.config.secretive import Secretive
from madang.config.sections.expression import ExpressionError, read
from madang.config.suggest import did_you_mean

Severity = Literal["warning", "critical"]
Span = Literal["1m", "5m", "1h", "24h"]
By = Literal["provider", "model", "target", "key"]
Seconds = Annotated[float, Meta(ge=0, le=604_800)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Share = Annotated[float, Meta(ge=0, le=1)]
Language = Literal["en", "ko", "zh"]
"""English, Korean, Chinese (simplified)."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what a secret begins with
_ADDRESS = re.compile(r"[^\s@<>,;\"\\]{1,64}@[A-Za-z0-9.-]{1,255}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Alert(Struct, frozen=True, forbid_unknown_fields=True):
    """When to tell, how seriously, and whom.

    `when` is a condition on what happened in the last `window`, together or for each provider, model,
    target (a model at a provider) or key (`by`), once there were `min_count` attempts. After an alert
    the same one is not told again for `cooldown_s`. `to`: channels (none: all of them).
    """

    when: str
    severity: Severity = "warning"
    window: Span = "5m"
    by: By | tuple[By, ...] = ()
    min_count: Count = 1
    cooldown_s: Seconds = 300.0
    to: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What it is looked at apart by: of provider, model and key, in this order, each once."""
        given = (self.by,) if isinstance(self.by, str) else self.by
        wanted = {part for one in given for part in (_TARGET if one == "target" else (one,))}
        return tuple(name for name in ("provider", "model", "key") if name in wanted)


_TARGET = ("provider", "model")

DEFAULT_ALERTS: Final = (
    Alert("mean_latency_s > 5 and mean_latency_s <= 15", "warning", by="model", min_count=20),
    Alert("mean_latency_s > 15", "critical", by="model", min_count=20),
    Alert("error_rate > 5%", "critical", by="target", min_count=20),
    Alert("healthy_providers == 0 and failing_providers > 0", "critical"),
    Alert("spent_day_usd > $100", "warning", min_count=0),
)
"""What holds where the file says nothing of alerts (G19)."""


class Mail(Secretive, frozen=True, forbid_unknown_fields=True):
    """E-mail by SMTP. `security`: TLS after STARTTLS, from the first byte, or none at all."""

    secret_names: ClassVar[frozenset[str]] = frozenset({"password"})

    to: tuple[str, ...]
    sender: str
    host: str
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None


class Channel(Secretive, frozen=True, forbid_unknown_fields=True):
    """One way to tell somebody: a `webhook`, a `slack` address, or an `email`.

    `secret` signs webhooks (Standard Webhooks, `whsec_…`). Private, link-local and loopback addresses
    are refused, also behind a name, unless `allow_private`. `language`: that of alerts told there.
    """

    secret_names: ClassVar[frozenset[str]] = frozenset({"webhook", "secret", "slack"})

    webhook: str | None = None
    secret: str | None = None
    slack: str | None = None
    email: Mail | None = None
    allow_private: bool = False
    language: Language = "en"


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """The report of the day before: when in which time zone (none: never by itself), to whom, in which language."""

    at: str | None = None
    time_zone: str = "UTC"
    to: tuple[str, ...] = ()
    language: Language = "en"


class Telemetry(Secretive, frozen=True, forbid_unknown_fields=True):
    """Traces and metrics for an OpenTelemetry collector: its address (none: nothing is sent).

    `sample`: the share of requests that are traced.
    """

    secret_names: ClassVar[frozenset[str]] = frozenset({"headers"})

    otlp: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    sample: Share = 1.0
    service: str = "madang"


def alert_faults(alerts: tuple[Alert, ...], channels: Mapping[str, Channel]) -> Iterator[Fault]:
    """What is wrong with alerts of the right shape."""
    for index, alert in enumerate(alerts):
        path: Path = ("alerts", index)
        try:
            read(alert.when)
        except ExpressionError as error:
            yield (*path, "when"), str(error)
        yield from _unknown_channels(path, alert.to, channels)


def channel_faults(channels: Mapping[str, Channel]) -> Iterator[Fault]:
    """What is wrong with channels of the right shape."""
    for name, channel in channels.items():
        path: Path = ("channels", name)
        kinds = (channel.webhook, channel.slack, channel.email)
        if sum(kind is not None for kind in kinds) != 1:
            yield path, "give one of `webhook`, `slack` and `email`"
        for key, url in (("webhook", channel.webhook), ("slack", channel.slack)):
            fault = None if url is None else url_fault(url)
            if fault:
                yield (*path, key), fault
        if channel.webhook is not None and not is_secret(channel.secret):
            yield (
                (*path, "secret"),
                "a webhook is signed: give `whsec_` and 24 to 64 random bytes in base64",
            )
        if channel.email is not None:
            yield from _mail_faults((*path, "email"), channel.email)


def report_faults(report: Report, channels: Mapping[str, Channel]) -> Iterator[Fault]:
    """What is wrong with a report of the right shape."""
    if report.at is not None and not _CLOCK.fullmatch(report.at):
        yield ("report", "at"), 'a time of the day is written as `"08:00"`'
    try:
        ZoneInfo(report.time_zone)
    except (LookupError, ValueError, OSError):
        yield ("report", "time_zone"), "a time zone is a name such as `Asia/Seoul` or `UTC`"
    yield from _unknown_channels(("report",), report.to, channels)


def telemetry_faults(telemetry: Telemetry) -> Iterator[Fault]:
    """What is wrong with telemetry of the right shape."""
    fault = None if telemetry.otlp is None else url_fault(telemetry.otlp)
    if fault:
        yield ("telemetry", "otlp"), fault


def is_secret(secret: str | None) -> bool:
    """Whether it is a secret as Standard Webhooks wants it."""
    if secret is None or not secret.startswith(SECRET_PREFIX):
        return False
    try:
        return 24 <= len(b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)) <= 64
    except binascii.Error:
        return False


def _mail_faults(path: Path, mail: Mail) -> Iterator[Fault]:
    if not mail.to:
        yield (*path, "to"), "give at least one address"
    for key, address in (("sender", mail.sender), *(("to", one) for one in mail.to)):
        if not _ADDRESS.fullmatch(address):
            yield (*path, key), "an address is written as `ops@example.com`"
    if (mail.user is None) != (mail.password is None):
        yield path, "`user` and `password` belong together; give both or neither"
    elif mail.password is not None and mail.security == "none":
        yield (*path, "security"), "a password is not sent without TLS"


def _unknown_channels(
    path: Path, wanted: tuple[str, ...], channels: Mapping[str, Channel]
) -> Iterator[Fault]:
    for index, name in enumerate(wanted):
        if name not in channels:
            hint = did_you_mean(name, channels)
            yield (*path, "to", index), f"there is no channel `{name[:64]}` in `channels`.{hint}"
