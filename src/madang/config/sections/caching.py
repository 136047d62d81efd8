"""The sections `cache` and `idempotency` as records: which answers are given again, to whom, and for how long."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
Mebibytes = Annotated[int, Meta(ge=1, le=1_048_576)]
Entries = Annotated[int, Meta(ge=1, le=10_000_000)]


class Semantic(Struct, frozen=True, forbid_unknown_fields=True):
    """Answers also to questions that are only alike: the user's last words may differ, nothing else.

    `embedder`: the model that makes the vectors, by a name that callers could ask for. `threshold`:
    the least cosine. `measured`: the file that `madang cache measure` wrote for both, beside which
    it stays off where more than `max_false_hit_rate` of different questions may be taken for the
    same. `max_entries`: so many questions are remembered by each process.
    """

    embedder: Annotated[str, Meta(min_length=1, max_length=256)]
    measured: Annotated[str, Meta(min_length=1, max_length=4096)]
    threshold: Annotated[float, Meta(ge=0.5, le=1)] = 0.95
    max_false_hit_rate: Annotated[float, Meta(gt=0, le=1)] = 0.01
    max_entries: Annotated[int, Meta(ge=1, le=100_000)] = 10_000


class Cache(Struct, frozen=True, forbid_unknown_fields=True):
    """Answers to the same question. The section alone, even empty, turns it on.

    max_mb, max_entries: of each process's memory, and under `keep: store` max_mb also of the table.
    `share`: who has the answers together: one key, the keys of an account, or all. `when`: only
    requests that leave nothing to chance and offer no tools, or all. `keep`: in memory, or also in
    the store, where other processes find it. `coalesce`: the same asked at once is asked once.
    `semantic`: what is only alike counts as the same (None: it does not).
    """

    ttl_s: Seconds = 3600.0
    max_mb: Mebibytes = 64
    max_entries: Entries = 10_000
    share: Literal["key", "account", "all"] = "key"
    when: Literal["settled", "always"] = "settled"
    keep: Literal["memory", "store"] = "memory"
    coalesce: bool = True
    semantic: Semantic | None = None


class Idempotency(Struct, frozen=True, forbid_unknown_fields=True):
    """Answers to requests with an `Idempotency-Key`.

    keep_h: hours for which one is remembered. key_mb: all of one key's together, beyond which its
    oldest go. max_mb: the largest that is remembered.
    """

    keep_h: Annotated[float, Meta(gt=0, le=8760)] = 24.0
    key_mb: Mebibytes = 256
    max_mb: Annotated[int, Meta(ge=1, le=1024)] = 32
