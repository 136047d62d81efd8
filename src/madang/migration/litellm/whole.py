"""Settings of LiteLLM that concern the whole gateway: cache, budget, time-outs, logs, the edge."""

import re
from typing import Any, Final

from madang.migration.findings import Findings
from madang.migration.litellm.suppliers import VARIABLE
from madang.migration.place import Place

_PERIODS: Final = {"1d": "day", "24h": "day", "1mo": "month", "30d": "month", "31d": "month"}
_SHARED_CACHES = frozenset({"redis", "s3", "gcs", "azure-blob"})
_OWN_CACHES = frozenset({"local", "disk"})
_MOST_S = 86_400
_MOST_TTL_S = 31_536_000
_MOST_USD = 10**9
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Sections = dict[str, Any]


def cache_of(litellm: Place, findings: Findings) -> Sections | None:
    """The section `cache`; None where there is none to be."""
    on, params = litellm.get("cache"), litellm.get("cache_params")
    if on is None or not on.truth():
        for place in (on, params):
            if place:
                findings.carried(place.path, "there is no cache without the section `cache`")
        return None
    kind_at, mode_at = (params.get(n) if params else None for n in ("type", "mode"))
    kind = kind_at.text() if kind_at else "local"
    if kind not in _SHARED_CACHES | _OWN_CACHES or (mode_at and mode_at.text() == "default_off"):
        told = "only an exact cache for everybody is carried over; see docs/caching.md"
        for place in (on, params):
            if place:
                findings.left(place.path, told)
        return None
    findings.changed(on.path, "`cache`: for each key by itself; `share: all` is LiteLLM's way")
    section: Sections = {"share": "key"}
    if kind in _SHARED_CACHES:
        section["keep"] = "store"
    for name, place in params.entries() if params else ():
        seconds = place.figure()
        if name == "ttl" and seconds and seconds <= _MOST_TTL_S:
            section["ttl_s"] = seconds
            findings.carried(place.path, "`cache.ttl_s`")
        elif name == "type":
            findings.changed(
                place.path, "in memory; with `keep: store` also in the home's database"
            )
        else:
            findings.left(place.path, "the cache is in memory, and in the home's database")
    return section


def budget_of(litellm: Place, findings: Findings) -> list[Sections]:
    """The section `budgets`: LiteLLM's one for the whole proxy."""
    most, span = litellm.get("max_budget"), litellm.get("budget_duration")
    usd, per = most.figure() if most else None, span.text() if span else None
    if most is None:
        if span:
            findings.left(span.path, "it belongs to `max_budget`, which is missing")
        return []
    fits = usd is not None and 0 < usd <= _MOST_USD and usd == round(usd, 9)
    if not fits or (per is not None and per not in _PERIODS):
        for place in (most, span):
            if place:
                findings.left(place.path, "give `budgets` by hand: dollars per day, month, or ever")
        return []
    findings.carried(most.path, "`budgets`, of all requests together")
    if span and per == "1d":
        findings.carried(span.path, "per day")
    elif span:
        findings.changed(span.path, f"per calendar {_PERIODS[per or '']}")
    return [{"scope": "total", "usd": usd, "per": _PERIODS[per] if per else "ever"}]


def add_timeout(providers: dict[str, Sections], where: list[Place], findings: Findings) -> None:
    """`request_timeout` of everything, for providers whose entries say nothing; later places win."""
    for section in where:
        for name, ours in (
            ("request_timeout", "total_s"),
            ("timeout", "total_s"),
            ("stream_timeout", "first_byte_s"),
        ):
            place = section.get(name)
            seconds = place.figure() if place else None
            if place is None:
                continue
            if not seconds or seconds > _MOST_S:
                findings.left(place.path, "give each provider `timeouts`")
                continue
            for provider in providers.values():
                provider.setdefault("timeouts", {}).setdefault(ours, seconds)
            told = f"`timeouts.{ours}` of each provider whose entries say nothing else"
            findings.changed(place.path, told)


def add_lossy(providers: dict[str, Sections], litellm: Place, findings: Findings) -> None:
    """`drop_params`: rather less than the whole request than none."""
    place = litellm.get("drop_params")
    if place is None:
        return
    if not place.truth():
        findings.carried(place.path, "callers are told what a target cannot do")
        return
    for provider in providers.values():
        provider["lossy"] = "allow"
    findings.changed(place.path, "`lossy: allow` of each provider; answers say what was left out")


def general_of(general: Place, findings: Findings) -> Sections:
    """Sections that `general_settings` become."""
    sections: Sections = {}
    master = general.get("master_key")
    if master:
        found = VARIABLE.fullmatch(master.text() or "")
        of = f"the value of ${found[1]}" if found else "it stands in the file in the clear"
        findings.changed(master.path, f"set $MADANG_ADMIN_KEY before the start ({of})")
    most, together = (
        general.get(name) for name in ("max_request_size_mb", "global_max_parallel_requests")
    )
    if most and (size := most.whole()) and size <= 4096:
        sections["server"] = {"max_body_mb": size}
        findings.carried(most.path, "`server.max_body_mb`")
    elif most:
        findings.left(most.path, "give `server.max_body_mb`, 1 to 4096")
    if together and (amount := together.whole()):
        sections["limits"] = [{"scope": "total", "concurrency": amount}]
        findings.carried(together.path, "`limits`, of all requests together")
    elif together:
        findings.left(together.path, "this is no limit")
    return sections


def log_of(litellm: Place, findings: Findings) -> str | None:
    """`json` where the log is to be."""
    place = litellm.get("json_logs")
    if place is None:
        return None
    findings.carried(place.path, "`log`")
    return "json" if place.truth() else None


def environment_told(variables: Place, findings: Findings) -> None:
    """`environment_variables`: their values belong into the environment, and stay out of the file."""
    for name, place in variables.entries():
        if _NAME.fullmatch(name):
            told = "set it in the environment before the start; it stands here in the clear"
            findings.changed(place.path, told)
        else:
            findings.left(place.path, "no name of a variable")
