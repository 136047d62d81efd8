"""Which of two models people preferred, since a moment: what a trial of the one against the other is judged by."""

from typing import Final, NamedTuple

from madang.state.store import Store

_READ: Final = (
    "SELECT coalesce(sum(better = iif(c.a = ?1, 'a', 'b')), 0) AS first, "
    "coalesce(sum(better = iif(c.a = ?1, 'b', 'a')), 0) AS second FROM comparison_ratings r "
    "JOIN comparison_pairs p ON p.id = r.pair_id JOIN comparisons c ON c.id = p.comparison_id "
    "WHERE r.kind = 'human' AND r.at_us >= ?3 AND ((c.a = ?1 AND c.b = ?2) OR (c.a = ?2 AND c.b = ?1))"
)


class Preferred(NamedTuple):
    """How many verdicts of people were for the first, and for the second; who saw no difference is left out."""

    first: int
    second: int


def preferred(store: Store, first: str, second: str, since_us: int) -> Preferred:
    """What people have said of two models, by the names that were compared, since a moment (Unix µs)."""
    (row,) = store.read(_READ, (first, second, since_us))
    return Preferred(row["first"], row["second"])
