"""What is said of callers' keys before they end."""

from typing import Annotated

from msgspec import Meta, Struct

_DAY_S = 86_400


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """warn_days: how long before a key expires its owner is told; 0: never."""

    warn_days: Annotated[int, Meta(ge=0, le=3650)] = 7

    @property
    def warn_s(self) -> int:
        """The same in seconds."""
        return self.warn_days * _DAY_S
