"""An attempt as it was, with what replaying needs of it: the input, whoever kept the record."""

from collections.abc import Iterable, Iterator

from msgspec import Struct, json

from madang.model import Dialect, Outcome, Usage


class Past(Struct, frozen=True, omit_defaults=True, gc=False):
    """An attempt. Fields as in `model.Attempt`; `tags` and `units` are the JSON text of objects.

    Also a line of a normalised import (docs/whatif.md).
    """

    request_id: str
    at_us: int
    model: str
    provider: str
    asked_model: str
    n: int = 0
    key_id: str = ""
    account_id: str | None = None
    dialect: Dialect = "chat"
    outcome: Outcome = "ok"
    final: bool = True
    cause: str | None = None
    cache: str | None = None
    stop: str | None = None
    tags: str = "{}"
    units: str = "{}"
    tier: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    cost_nusd: int | None = None
    price: str | None = None
    latency_us: int = 0

    @property
    def usage(self) -> Usage:
        """What it used."""
        return Usage(
            self.input_tokens,
            self.output_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.reasoning_tokens,
            self.audio_input_tokens,
            self.audio_output_tokens,
            self.cache_write_1h_tokens,
            tier=self.tier,
            units={} if self.units == "{}" else _counts(self.units),
        )

    @property
    def was_given(self) -> bool:
        """Whether it is an answer that had been paid for before: a cache had it, or another caller's call."""
        return self.outcome == "hit" or self.cache not in (None, "miss")

    @property
    def was_paid(self) -> bool:
        """Whether it cost what it used."""
        return self.outcome != "failed" and not self.was_given


_counts = json.Decoder(dict[str, int]).decode


def requests(rows: Iterable[Past]) -> Iterator[list[Past]]:
    """The attempts of each request together: they come one after another, by ascending `n`."""
    current: list[Past] = []
    for row in rows:
        if current and (current[0].request_id != row.request_id or row.n <= current[-1].n):
            yield current
            current = []
        current.append(row)
    if current:
        yield current
