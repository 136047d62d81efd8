"""What an answer's tokens would be elsewhere: the same, or scaled by how families of models count."""

from decimal import Decimal

from msgspec.structs import replace

from madang.model import Usage
from madang.wire.families import family_of


class Scale:
    """From one model's tokens to another's: by the families' tokens for a text in Latin script.

    Other scripts differ more (docs/token-estimate.md); the ledger does not know what was written.
    """

    __slots__ = ("_factors",)

    def __init__(self) -> None:
        self._factors: dict[tuple[str, str], tuple[int, int]] = {}

    def scaled(self, usage: Usage, before: str, after: str) -> Usage:
        """The usage as `after` would count it, each count rounded half up."""
        factor = self._factors.get((before, after))
        if factor is None:
            factor = self._factors[before, after] = _factor(before, after)
        up, down = factor
        if up == down:
            return usage

        def count(tokens: int) -> int:
            return (2 * tokens * up + down) // (2 * down)

        return replace(
            usage,
            input=count(usage.input),
            output=count(usage.output),
            cache_read=count(usage.cache_read),
            cache_write=count(usage.cache_write),
            cache_write_1h=count(usage.cache_write_1h),
            reasoning=count(usage.reasoning),
        )


def _factor(before: str, after: str) -> tuple[int, int]:
    """Numerator and denominator."""
    up = Decimal(str(family_of(after).latin))
    down = Decimal(str(family_of(before).latin))
    return (up / down).as_integer_ratio()
