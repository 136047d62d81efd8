"""Records that never show their secrets, however they are printed."""

from typing import Any, ClassVar

from msgspec import Struct, structs


class Secretive(Struct, frozen=True):
    """A record whose fields of `secret` names are shown as `***`."""

    secret_names: ClassVar[frozenset[str]] = frozenset()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields as they may be shown; rich prints records by this."""
        return [
            (name, "***" if value and name in self.secret_names else value)
            for name, value in structs.asdict(self).items()
        ]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"
