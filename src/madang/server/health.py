"""How the health of targets is kept: the rules of the configuration put in force."""

from collections.abc import Callable, Mapping

from madang.config.health import Breaker, Rules, rules_of
from madang.config.settings import Provider, Settings
from madang.pipeline.lane import Snapshot
from madang.routing.board import Board


def configure_board(
    board: Board, settings: Settings, providers: Mapping[str, Provider], snapshot: Snapshot
) -> None:
    """Put the rules in force, and tell the board which targets stand beside one another.

    Raises MadangError for a model that leads nowhere.
    """
    routes = [snapshot.directory.lookup(name).every_target() for name in settings.models]
    board.configure(_rules(settings.breaker, providers), routes, settings.health.max_ejected)


def _rules(everywhere: Breaker, providers: Mapping[str, Provider]) -> Callable[[str, str], Rules]:
    """The rules for a model of a provider: the model's own come before the provider's."""

    def find(provider: str, model: str) -> Rules:
        given = providers.get(provider)
        if given is None:
            return rules_of(everywhere)
        return rules_of(everywhere, given.breaker, given.breakers.get(model))

    return find
