"""What is configured for one provider, with the defaults of the catalogue where nothing is said."""

from madang.catalog.paces import DefaultPaces
from madang.config.sections.pacing import EVERY_OTHER, Pace, Queue
from madang.config.sections.providers import Provider


class Terms:
    """How a provider may be asked.

    `concurrency`: calls at once (None: any number). `is_adaptive`: how many of these a model bears is
    found out. `is_paced`: requests wait for their turn, and
    what the provider says of its limits is heeded; otherwise its refusals are the caller's.
    """

    def __init__(self, given: Provider, home: str | None, defaults: DefaultPaces) -> None:
        self.queue: Queue = given.queue
        self.is_paced = given.limits != "off"
        self.concurrency: int | None = None
        self.is_adaptive = given.adaptive
        if given.concurrency != "off" and (given.concurrency or not given.adaptive):
            self.concurrency = given.concurrency or defaults.calls_at_once(home)
        self._limits = given.limits if isinstance(given.limits, dict) else {}
        self._keys = given.key_limits
        self._defaults = defaults if given.limits is None else None

    def pace(self, model: str, canonical: str | None) -> Pace | None:
        """How fast a model may be asked, with all keys together; None: as fast as one likes."""
        found = _of(self._limits, model, canonical)
        if found is None and self._defaults is not None:
            row = self._defaults.pace(canonical)
            return Pace(rps=row.rps, tpm=row.tpm, burst=row.burst)
        return found

    def key_pace(self, model: str, canonical: str | None) -> Pace | None:
        """The same with any one key."""
        return _of(self._keys, model, canonical)

    def names(self, model: str) -> bool:
        """Whether a model has a row of its own."""
        return model in self._limits or model in self._keys


def _of(paces: dict[str, Pace], model: str, canonical: str | None) -> Pace | None:
    return paces.get(model) or paces.get(canonical or "") or paces.get(EVERY_OTHER)
