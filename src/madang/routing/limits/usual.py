"""How long the answers of a key from a model usually are: a histogram per pair, in powers of two."""

from typing import Final

_SHARE: Final = 100  # one answer in so many may be longer
_FEWEST: Final = 50
_AGES_AT: Final = 4096
_MAX_PAIRS: Final = 10_000
_SIZES: Final = 33


class Usual:
    """Answers of the recent past; older ones count ever less. Bounded."""

    __slots__ = ("_pairs",)

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], list[int]] = {}

    def saw(self, key: str, model: str, tokens: int) -> None:
        """An answer had so many tokens."""
        counts = self._pairs.get((key, model))
        if counts is None:
            if len(self._pairs) >= _MAX_PAIRS:
                self._pairs.pop(next(iter(self._pairs)))
            counts = self._pairs[(key, model)] = [0] * (_SIZES + 1)
        counts[min(_SIZES - 1, max(0, tokens).bit_length())] += 1
        counts[_SIZES] += 1
        if counts[_SIZES] >= _AGES_AT:
            counts[:_SIZES] = [count // 2 for count in counts[:_SIZES]]
            counts[_SIZES] = sum(counts[:_SIZES])

    def most(self, key: str, model: str) -> int | None:
        """Tokens that at least 99 of 100 answers stay below; None: fewer than 50 are known."""
        counts = self._pairs.get((key, model))
        if counts is None or counts[_SIZES] < _FEWEST:
            return None
        allowed = counts[_SIZES] // _SHARE
        longer = 0
        for size in range(_SIZES - 1, 0, -1):
            longer += counts[size]
            if longer > allowed:
                return 1 << size
        return 1
