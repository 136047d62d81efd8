"""The section `media` as a record: where finished clips are kept, for how long, and how long jobs may take."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Annotated, Final

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=604_800)]


class Media(Struct, frozen=True, forbid_unknown_fields=True):
    """Clips that are made as jobs.

    store: `files` (below the installation's home), the path of another folder, or the URL of a bucket
    (`s3://…`, `gs://…`, `az://…`, with the credentials of the environment). max_mb: the largest file.
    public_url: what callers reach this gateway under (None: as they say themselves); with it,
    providers are asked to call back. accept_s: how long a caller waits for a provider to take an
    order. unsure_s: how long an order is looked for whose answer was lost, where it cannot be known
    when it would show, and how long it may wait to be begun, where a provider takes such a bound;
    give_up_s: how long a job may take in all. poll_factor: how much slower than their adapters say
    providers are asked how a job fares (below 1: faster, for simulated ones). allow_private: hosts,
    addresses and networks (CIDR) of one's own to which makers of media may send for their files;
    else private, link-local and loopback addresses are refused, also behind a name.
    """

    store: str = "files"
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    max_mb: Annotated[int, Meta(ge=1, le=65_536)] = 1024
    public_url: str | None = None
    accept_s: Seconds = 20.0
    unsure_s: Seconds = 900.0
    give_up_s: Seconds = 14_400.0
    poll_factor: Annotated[float, Meta(ge=0.001, le=100)] = 1.0
    allow_private: tuple[str, ...] = ()


_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
)
_NUMBERS: Final = re.compile(r"[0-9.]+")


def place_faults(media: Media) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with `allow_private`, entry by entry."""
    for entry in media.allow_private:
        fault = _place_fault(entry.lower())
        if fault is not None:
            yield ("media", "allow_private"), f"{entry[:100]!r} {fault}"


def _place_fault(entry: str) -> str | None:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        if _NUMBERS.fullmatch(entry) or not _HOST.fullmatch(entry):
            return "is no host, address or network such as files.internal or 10.20.0.0/16"
        return None
    if ip_address(entry.partition("/")[0]) != network.network_address:
        return f"has bits beyond its mask: write {network}"
    return None if network.prefixlen else "is everything: name the networks that are meant"
