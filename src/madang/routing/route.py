"""Where a name leads, as far as that is the same for every request."""

from collections.abc import Container, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from madang.config.scorer import LoadedScorer
from madang.config.sections.models import Cause, Pick
from madang.config.sections.routes import When
from madang.model import Target
from madang.routing.preferences import Preference


class Fallback(Struct, frozen=True):
    """Targets to try when the first choice failed for one of `causes` (empty: any cause that may be retried)."""

    targets: tuple[Target, ...]
    causes: frozenset[Cause] = frozenset()


class Route(Struct, frozen=True):
    """Where a name leads. `name` is what `x-madang-model` and the allowed models of a key speak of.

    `longer` is the way for prompts of more than `threshold_tokens`. `rules` lead certain requests
    elsewhere, the first that fits; `tiers` lead each by its complexity, simple ones first, which `scorer`
    judges (None: the rules do). `task` is the task that the name stands for, `prefer` what it weighs most.
    `is_sticky`: sessions are told by bodies, too. `near` are regions with their distance, `budget_s` how
    slow the near ones may be.
    """

    name: str
    targets: tuple[Target, ...]
    pick: Pick = "order"
    fallbacks: tuple[Fallback, ...] = ()
    threshold_tokens: int = 0
    longer: "Route | None" = None
    rules: tuple["Rule", ...] = ()
    tiers: tuple["Route", ...] = ()
    task: str | None = None
    prefer: Preference | None = None
    is_sticky: bool = False
    near: Mapping[str, int] = {}
    budget_s: float | None = None
    scorer: LoadedScorer | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing about a request changes where it leads."""
        return not self.tiers and not self.rules

    @property
    def has_choice(self) -> bool:
        """Whether there is anything to choose between."""
        return len(self.targets) > 1

    def every_target(self) -> list[Target]:
        """All that may come to answer."""
        ways = [
            self,
            *([self.longer] if self.longer else []),
            *(rule.route for rule in self.rules),
            *self.tiers,
        ]
        found: dict[Target, None] = {}
        for way in ways:
            more = way.longer.targets if way.longer else ()
            fallbacks = (target for fallback in way.fallbacks for target in fallback.targets)
            found |= dict.fromkeys((*way.targets, *more, *fallbacks))
        return list(found)

    def without(self, targets: Container[Target]) -> "Route | None":
        """The same way past some targets; None: nobody is left who may be asked first.

        Where all of the first choice go, those follow at once who would have for any failure.
        """
        left = tuple(one for one in self.targets if one not in targets)
        fallbacks = tuple(
            Fallback(others, one.causes)
            for one in self.fallbacks
            if (others := tuple(target for target in one.targets if target not in targets))
        )
        if not left:
            first = next((one for one in fallbacks if not one.causes), None)
            if first is None:
                return None
            left, fallbacks = first.targets, tuple(one for one in fallbacks if one is not first)
        return replace(self, targets=left, fallbacks=fallbacks)

    def distance(self, target: Target) -> int:
        """How far away a target is: the lower the nearer; regions that are not listed are farthest."""
        return self.near.get(target.region or "", _FAR)


class Rule(Struct, frozen=True):
    """A way for requests of which `when` is true."""

    when: When
    route: Route


_FAR: Final = 1_000
