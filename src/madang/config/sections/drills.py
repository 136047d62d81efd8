"""Faults that strike few real requests for a while, as records: one drill, and those of the section `drills`."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from madang.config.problems import Fault, Path
from madang.config.sections.alerts import Channel
from madang.config.suggest import did_you_mean

Strike = Literal[
    "refused",
    "dns",
    "blackhole",
    "server-error",
    "overloaded",
    "storm",
    "storm-mute",
    "slow-token",
    "stalled",
    "cut",
    "expired-key",
    "quota",
    "sunset",
]
"""What can strike; what each does stands in `pipeline.chaos`."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Percent = Annotated[float, Meta(gt=0, le=100)]
Minutes = Annotated[float, Meta(gt=0, le=1440)]
Hours = Annotated[float, Meta(ge=1, le=8760)]
Share = Annotated[float, Meta(ge=0, le=1)]
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class Drill(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`strike` hits `percent` of the requests that have all of `tags`, for `minutes`, where they go to `targets`.

    `targets` are `provider` or `provider/model`. `answered` is the share of struck requests that have to
    be answered all the same, 0 to 1.
    """

    strike: Strike
    targets: tuple[str, ...]
    tags: dict[str, str] = field(default_factory=dict)
    percent: Percent = 5.0
    minutes: Minutes = 10.0
    answered: Share = 0.999


class ScheduledDrill(Drill, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drill that is repeated: `at` a time of the day (`HH:MM` in `time_zone`, on `days`; none: on all), or `every_h`.

    Its report goes `to` channels (none: it is only kept).
    """

    at: str | None = None
    days: tuple[Weekday, ...] = ()
    every_h: Hours | None = None
    time_zone: str = "UTC"
    to: tuple[str, ...] = ()

    @property
    def drill(self) -> Drill:
        """What is repeated."""
        return Drill(**{name: getattr(self, name) for name in Drill.__struct_fields__})


def drill_faults(
    drills: tuple[ScheduledDrill, ...], channels: Mapping[str, Channel]
) -> Iterator[Fault]:
    """What is wrong with drills of the right shape."""
    for index, one in enumerate(drills):
        path: Path = ("drills", index)
        if not one.targets:
            yield (*path, "targets"), "name at least one `provider` or `provider/model`"
        if (one.at is None) == (one.every_h is None):
            yield path, "give one of `at` and `every_h`"
        if one.at is not None and not _CLOCK.fullmatch(one.at):
            yield (*path, "at"), 'a time of the day is written as `"03:00"`'
        if one.days and one.at is None:
            yield (*path, "days"), "days belong to `at`"
        try:
            ZoneInfo(one.time_zone)
        except (LookupError, ValueError, OSError):
            yield (*path, "time_zone"), "a time zone is a name such as `Asia/Seoul` or `UTC`"
        for at, name in enumerate(one.to):
            if name not in channels:
                hint = did_you_mean(name, channels)
                yield (*path, "to", at), f"there is no channel `{name[:64]}` in `channels`.{hint}"
