"""From who was found better than whom to a figure for each: Bradley and Terry's model, held by a prior.

Each model has also played PRIOR_GAMES against a middling one (strength 1) and won the share that its prior
says (0.5 where nothing is known). So without ratings its figure is its prior, with few it stays near it, and
with many it is what the ratings say. The figure is the chance to be found better than the middling one.

Source: R. A. Bradley and M. E. Terry, Rank analysis of incomplete block designs, 1952.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import exp

from msgspec import Struct

PRIOR_GAMES = 10.0
UNKNOWN = 0.5
_LEAST, _MOST = 0.02, 0.98
_ROUNDS = 200
_STRIDE = 1.0
_CLOSE = 1e-12


class Game(Struct, frozen=True):
    """How often one was found better than another, and neither; ratings may count less than one."""

    one: str
    other: str
    won: float
    lost: float
    drawn: float


def strengths(games: Iterable[Game], priors: Mapping[str, float]) -> dict[str, float]:
    """The figure of each model that played, 0 to 1; one that draws wins half."""
    wins: dict[str, float] = defaultdict(float)
    played: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for game in games:
        if game.one == game.other:
            continue
        wins[game.one] += game.won + game.drawn / 2
        wins[game.other] += game.lost + game.drawn / 2
        together = game.won + game.lost + game.drawn
        played[game.one][game.other] += together
        played[game.other][game.one] += together
    for model in played:
        prior = min(max(priors.get(model, UNKNOWN), _LEAST), _MOST)
        wins[model] += PRIOR_GAMES * prior
    found = _settle(wins, played)
    return {model: _chance(found[model]) for model in played}


def _settle(
    wins: Mapping[str, float], played: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """The logarithms of the strengths under which each wins as often as it did: Newton's method.

    What is maximised is strictly concave, as every model has played the middling one.
    """
    models = list(played)
    level = dict.fromkeys(models, 0.0)
    for _ in range(_ROUNDS):
        slopes, bends = [], []
        for one in models:
            chance = _chance(level[one])
            slope = wins[one] - PRIOR_GAMES * chance
            own = PRIOR_GAMES * chance * (1 - chance)
            row = dict.fromkeys(models, 0.0)
            for other, count in played[one].items():
                chance = _chance(level[one] - level[other])
                slope -= count * chance
                own += count * chance * (1 - chance)
                row[other] = -count * chance * (1 - chance)
            row[one] = own
            slopes.append(slope)
            bends.append([row[other] for other in models])
        steps = _solved(bends, slopes)
        for one, step in zip(models, steps, strict=True):
            level[one] += min(max(step, -_STRIDE), _STRIDE)
        if max(map(abs, steps), default=0.0) < _CLOSE:
            break
    return level


def _solved(rows: list[list[float]], values: list[float]) -> list[float]:
    """The solution of linear equations whose diagonal outweighs the rest, by elimination."""
    size = len(rows)
    for pivot in range(size):
        for below in range(pivot + 1, size):
            factor = rows[below][pivot] / rows[pivot][pivot]
            if factor:
                for column in range(pivot, size):
                    rows[below][column] -= factor * rows[pivot][column]
                values[below] -= factor * values[pivot]
    found = [0.0] * size
    for row in reversed(range(size)):
        rest = sum(rows[row][column] * found[column] for column in range(row + 1, size))
        found[row] = (values[row] - rest) / rows[row][row]
    return found


def _chance(lead: float) -> float:
    """The chance to be found better with so much more strength, in logarithms."""
    return 1 / (1 + exp(-lead))
