"""What would serve under a configuration, for commands that look without serving."""

from madang.cli.options.configuration import Configuration
from madang.drills.playground import unstarted
from madang.pipeline.lane import Snapshot
from madang.routing.board import Board
from madang.server.process.assembly import assemble, ways_of


def assembled(found: Configuration) -> Snapshot:
    """The snapshot of a configuration: with the playground's models where no provider is there."""
    settings, providers = found.settings, found.providers or unstarted()
    ways = ways_of(settings)
    return assemble(settings.models, providers, found.catalog, Board(), settings.prices, ways)
