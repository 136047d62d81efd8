"""What goes wrong with media, as rows: the traps that real providers set, one name each.

A row strikes the submits of its provider and model, so many times, or a share of them; the first that
strikes decides. Traps that concern a job's later life stay with the job. What every provider can
get wrong (closed connections, statuses, broken bodies) are the faults of `simulator.faults`, which
strike here as well.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

TRAPS = MappingProxyType(
    {
        "lost_answer": "the job is accepted and charged, and the connection closes without an answer",
        "fail": "the job fails in the provider's own way; asking again may help",
        "fail_charged": "the same, and it is charged",
        "blocked": "the content filter strikes: a failed job, or a done one without a video (Veo)",
        "refused_200": "the refusal comes as HTTP 200 with a code in the body (Kling, Seedance); elsewhere as 503",
        "busy": "429: the provider is busy, back off (ElevenLabs: system_busy)",
        "concurrent": "429: too many of yours at once, queue (ElevenLabs: too_many_concurrent_requests)",
        "throttled": "the job stands in the queue (Runway: THROTTLED) for twice its making",
        "stuck": "the job is running and never ends",
        "expired_url": "the addresses of its files have expired when they are given",
        "keyed_url": "its files are only given to those who show the key",
        "webhook_twice": "its webhook comes twice",
        "webhook_early": "its webhook comes before the submit is answered, the job done by then",
        "webhook_forged": "its webhook bears a wrong signature",
        "webhook_stale": "its webhook was signed ten minutes ago",
        "webhook_lost": "its webhook never comes",
    }
)
"""Every trap by name, and what happens."""


@dataclass(frozen=True, slots=True)
class Trap:
    """A trap that is set. `provider` and `model` None: any; `times` None: always; `share`: of the submits that fit."""

    trap: str
    provider: str | None = None
    model: str | None = None
    times: int | None = None
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.trap not in TRAPS:
            raise ValueError(f"unknown trap {self.trap!r}; there are {', '.join(TRAPS)}")
        if not 0 <= self.share <= 1:
            raise ValueError("share is between 0 and 1")


class Traps:
    """The traps that are set, how often each has struck, and the dice."""

    def __init__(self, rows: Sequence[Trap], seed: int) -> None:
        self._dice = random.Random(seed)
        self.set(rows)

    def set(self, rows: Sequence[Trap]) -> None:
        """Set other traps; the counts start anew."""
        self.rows = tuple(rows)
        self._struck = [0] * len(self.rows)

    def strike(self, provider: str, model: str) -> str | None:
        """The trap that a submit falls into, if any."""
        for index, row in enumerate(self.rows):
            if row.provider not in {None, provider} or row.model not in {None, model}:
                continue
            if row.times is not None and self._struck[index] >= row.times:
                continue
            if row.share < 1 and self._dice.random() >= row.share:
                continue
            self._struck[index] += 1
            return row.trap
        return None
