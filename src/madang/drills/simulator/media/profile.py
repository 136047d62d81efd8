"""The settings of the media side: how long things take, how many at once, what is closed, what it costs.

All seconds are those of real life; `speed` divides them when they are waited for.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from madang.drills.simulator.media.prices import Price
from madang.drills.simulator.records import Json


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One provider's settings.

    make_s: seconds that a job takes, and `make_s_per_s` for each second of its clip.
    answer_s: seconds before an answer that is a file already (speech, pictures, transcripts).
    cap: jobs at once (None: any number); `over_cap`: further ones wait, or are refused.
    url_life_s: how long the addresses of files are good after the job has ended (None: for ever).
    keyed_urls: files are only given to those who show the key.
    gone: the status of every submit once the provider has closed (None: it is open); `gone_jobs`:
    what was submitted before is gone as well.
    charge_failed: a job that fails is charged all the same.
    """

    make_s: float = 45.0
    make_s_per_s: float = 0.0
    answer_s: float = 1.0
    cap: int | None = None
    over_cap: Literal["wait", "refuse"] = "wait"
    url_life_s: float | None = 24 * 3600.0
    keyed_urls: bool = False
    gone: Literal[404, 410] | None = None
    gone_jobs: bool = False
    charge_failed: bool = False

    def __post_init__(self) -> None:
        if min(self.make_s, self.make_s_per_s, self.answer_s, self.url_life_s or 0.0) < 0:
            raise ValueError("seconds are not negative")
        if self.cap is not None and self.cap < 1:
            raise ValueError("cap is at least 1, or null for any number")


_PROVIDERS = MappingProxyType(
    {
        "openai": ProviderSettings(make_s=40.0, make_s_per_s=5.0, cap=10, url_life_s=3600.0),
        "runway": ProviderSettings(make_s=30.0, make_s_per_s=4.0, cap=5),
        "fal": ProviderSettings(make_s=45.0, cap=10),
        "kling": ProviderSettings(make_s=60.0, make_s_per_s=6.0, cap=5, over_cap="refuse"),
        "vertex": ProviderSettings(make_s=50.0, make_s_per_s=4.0, cap=10, over_cap="refuse"),
        "gemini": ProviderSettings(answer_s=4.0),
        "gemini-veo": ProviderSettings(make_s=50.0, keyed_urls=True, gone=404),
        "seedance": ProviderSettings(make_s=40.0, make_s_per_s=4.0, cap=10),
        "stability": ProviderSettings(answer_s=4.0),
        "stability-film": ProviderSettings(make_s=40.0, gone=404),
        "elevenlabs": ProviderSettings(cap=5, over_cap="refuse"),
    }
)


@dataclass(frozen=True, slots=True)
class Profile:
    """All settings. `speed`: so many times faster than real life.

    full_size: clips have as many pixels as were asked for; otherwise at most 320 on the longer side,
    in the same ratio. Pictures always have theirs. `prices` stand before the built-in ones.
    """

    speed: float = 100.0
    full_size: bool = False
    providers: Mapping[str, ProviderSettings] = field(default_factory=lambda: dict(_PROVIDERS))
    prices: tuple[Price, ...] = ()

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("speed is more than 0")
        unknown = sorted(set(self.providers) - set(_PROVIDERS))
        if unknown:
            raise ValueError(f"unknown provider {unknown[0]!r}; there are {', '.join(_PROVIDERS)}")

    def changed(self, settings: Mapping[str, Any]) -> "Profile":
        """The same with some settings changed, of `providers` only those named. Raises ValueError, TypeError."""
        _known(settings, Profile)
        merged: dict[str, Json] = {**msgspec.to_builtins(self), **settings}
        merged["providers"] = {name: asdict(provider) for name, provider in self.providers.items()}
        for name, wanted in _mapping(settings.get("providers", {})).items():
            _known(_mapping(wanted), ProviderSettings)
            merged["providers"][name] = {**merged["providers"].get(name, {}), **wanted}
        return msgspec.convert(merged, Profile)


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise TypeError("providers and each of them are objects of settings")
    return value


def _known(settings: Mapping[str, Any], shape: type) -> None:
    names = [each.name for each in fields(shape)]
    unknown = sorted(set(settings) - set(names))
    if unknown:
        raise ValueError(f"unknown setting {unknown[0]!r}; there are {', '.join(names)}")
