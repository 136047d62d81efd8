"""The book of the media side: what each provider accepted, and what it charged for it."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from madang.drills.simulator.records import Json

_MAX_ENTRIES = 200_000
_KEPT_CHARACTERS = 500

Kind = Literal["video", "speech", "image", "transcription"]
Outcome = Literal["succeeded", "failed", "blocked", "stuck", "cancelled"]


@dataclass(slots=True)
class Entry:
    """One accepted job or file.

    id: the provider's name of it. name: the caller's own, where the provider takes one. outcome:
    how it ends, known from its acceptance on. nusd: what is charged in the end, in nano-dollars;
    credits: the same in the provider's own currency, where it has one. counted: what was charged for. trap:
    what it fell into. request: a digest of the body, the same where the same is asked for twice.
    """

    provider: str
    id: str
    kind: Kind
    model: str
    prompt: str
    at_s: float
    name: str | None = None
    outcome: Outcome = "succeeded"
    counted: dict[str, float] = field(default_factory=dict)
    nusd: int = 0
    credits: int | None = None
    trap: str | None = None
    request: str = ""

    def told(self) -> dict[str, Json]:
        """The entry as JSON can carry it."""
        return {
            "provider": self.provider,
            "id": self.id,
            "kind": self.kind,
            "model": self.model,
            "prompt": self.prompt[:_KEPT_CHARACTERS],
            "name": self.name,
            "at_s": self.at_s,
            "outcome": self.outcome,
            "counted": self.counted,
            "nusd": self.nusd,
            "credits": self.credits,
            "trap": self.trap,
            "request": self.request,
        }


@dataclass(slots=True)
class MediaBook:
    """The last 200,000 entries of all providers, oldest first."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_MAX_ENTRIES))

    def of(self, provider: str) -> list[Entry]:
        """One provider's entries."""
        return [entry for entry in self.entries if entry.provider == provider]

    def told(self) -> dict[str, Json]:
        """Sums per provider, and every entry."""
        providers: dict[str, dict[str, int]] = {}
        for entry in self.entries:
            sums = providers.setdefault(
                entry.provider, {"accepted": 0, "charged": 0, "nusd": 0, "credits": 0}
            )
            sums["accepted"] += 1
            sums["charged"] += entry.nusd > 0
            sums["nusd"] += entry.nusd
            sums["credits"] += entry.credits or 0
        return {"providers": providers, "entries": [entry.told() for entry in self.entries]}
