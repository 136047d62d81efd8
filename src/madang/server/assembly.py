"""From settings to what serves them: the providers in force, and the snapshot made of them."""

from collections.abc import Collection, Mapping

from madang.catalog import Catalog
from madang.config import settings as shapes
from madang.config.detect import detect
from madang.config.prices import OwnPrice, own_rows
from madang.pipeline.lane import Snapshot
from madang.routing.board import Board
from madang.routing.directory import Directory, Serving
from madang.upstream.providers import Provider, build_providers


def given_providers(
    settings: shapes.Settings, catalog: Catalog, environ: Mapping[str, str]
) -> dict[str, shapes.Provider]:
    """The configured providers, and those that a key in the environment enables.

    Raises ConfigError for a key of the environment that cannot be sent.
    """
    given = dict(settings.providers)
    known = {name: row.env for name, row in catalog.providers.items()}
    for name, found in detect(environ, known).items():
        given.setdefault(name, found)
    return given


def assemble(
    models: Mapping[str, shapes.Model],
    providers: Mapping[str, shapes.Provider],
    catalog: Catalog,
    board: Board,
    prices: Collection[OwnPrice] = (),
) -> Snapshot:
    """One configuration, ready to serve; `prices` come before the catalogue's. Raises ProviderProblem.

    Names are resolved when they are asked for: a model that leads nowhere is found out by asking.
    """
    built = build_providers(providers, catalog)
    servings = [_serving(provider, providers[name]) for name, provider in built.items()]
    directory = Directory(models, catalog, servings)
    return Snapshot(catalog, built, directory, board, own_rows(prices))


def _serving(provider: Provider, given: shapes.Provider) -> Serving:
    return Serving(
        provider.name,
        provider.apis,
        provider.home,
        provider.region,
        provider.serves_all,
        given.features,
        given.context_window,
        given.max_output,
        given.lossy == "allow",
    )
