"""The section `media` as a record: where finished clips are kept, for how long, and how long jobs may take."""

from typing import Annotated

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
    give_up_s: how long a job may take in all. poll_factor: how much slower than their adapters say providers are asked how a
    job fares (below 1: faster, for simulated ones).
    """

    store: str = "files"
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    max_mb: Annotated[int, Meta(ge=1, le=65_536)] = 1024
    public_url: str | None = None
    accept_s: Seconds = 20.0
    unsure_s: Seconds = 900.0
    give_up_s: Seconds = 14_400.0
    poll_factor: Annotated[float, Meta(ge=0.001, le=100)] = 1.0
