"""From settings to what serves them: the providers in force, and the snapshot made of them."""

from collections.abc import Collection, Iterable, Mapping

from msgspec import structs

from madang.catalog import Catalog
from madang.catalog.paces import load_paces
from madang.config.detect import detect
from madang.config.sections.models import Model
from madang.config.sections.prices import OwnPrice, own_rows
from madang.config.sections.providers import Provider as ProviderSettings
from madang.config.settings import Settings
from madang.model import MEDIA, Dialect
from madang.pipeline.lane import Snapshot
from madang.pipeline.patience import Patience
from madang.routing.board import Board
from madang.routing.names.choices import Ways
from madang.routing.names.directory import Directory
from madang.routing.names.serving import Serving
from madang.routing.pacing import Terms
from madang.state.vault import NOTHING, Opened
from madang.upstream.providers import Provider, ProviderProblem, build_providers
from madang.wire.media.registry import MEDIA as WIRES

STORED = "stored"
"""What stands in a configuration for the keys of a provider that the store holds."""

_NO_KEY = "no-stored-key-can-be-used"
"""Sent, and refused, where a provider's stored keys are gone or shut: so the rest of a configuration stays in force."""


def given_providers(
    settings: Settings,
    catalog: Catalog,
    environ: Mapping[str, str],
    stored: Opened = NOTHING,
) -> dict[str, ProviderSettings]:
    """The configured providers, and those that a stored key, or else one in the environment, enables.

    Raises ConfigError for a key of the environment that cannot be sent, and ProviderProblem for a
    provider that is to have stored keys and never had any.
    """
    given = {
        name: _with_stored(name, provider, stored.keys)
        for name, provider in settings.providers.items()
    }
    detected = detect(environ, {name: row.env for name, row in catalog.providers.items()})
    asked_for = _providers_of(settings.models.values())
    for name in catalog.providers:
        keys = stored.keys.get(name)
        if keys or (keys is not None and name in asked_for and name not in detected):
            given.setdefault(name, ProviderSettings(api_keys=keys or (_NO_KEY,)))
    for name, found in detected.items():
        given.setdefault(name, found)
    return given


def _with_stored(
    name: str, provider: ProviderSettings, stored: Mapping[str, tuple[str, ...]]
) -> ProviderSettings:
    """A configured provider with its stored keys, where it names them, or names no key at all."""
    named = provider.api_keys or ((provider.api_key,) if provider.api_key else ())
    if STORED in named and name not in stored:
        raise ProviderProblem(
            f"provider `{name}` is to use stored keys, and none is stored: `madang provider key add {name}`"
        )
    if name not in stored or (named and STORED not in named):
        return provider
    keys: list[str] = []
    for key in named or (STORED,):
        keys += stored[name] if key == STORED else (key,)
    if not keys and not named and provider.base_url:
        return provider  # it may do without
    keys = keys or [_NO_KEY]
    return structs.replace(provider, api_key=None, api_keys=tuple(dict.fromkeys(keys)))


def _providers_of(models: Iterable[Model]) -> set[str]:
    """The providers that models name, in targets or fallbacks."""
    found = set()
    for model in models:
        ruled = (aim for rule in model.rules for aim in rule.targets)
        for aim in (*model.targets, *model.fallback, model.long_context or "", *ruled):
            found.add((aim if isinstance(aim, str) else aim.to).partition("/")[0])
    return found


def assemble(
    models: Mapping[str, Model],
    providers: Mapping[str, ProviderSettings],
    catalog: Catalog,
    board: Board,
    prices: Collection[OwnPrice] = (),
    ways: Ways = Ways(),  # noqa: B008 - a frozen record
    patience: Patience | None = None,
) -> Snapshot:
    """One configuration, ready to serve; `prices` come before the catalogue's. Raises ProviderProblem.

    Names are resolved when they are asked for: a model that leads nowhere is found out by asking.
    """
    built = build_providers(providers, catalog)
    servings = [_serving(provider, providers[name]) for name, provider in built.items()]
    directory = Directory(models, catalog, servings, ways)
    defaults = load_paces()
    terms = {name: Terms(providers[name], one.home, defaults) for name, one in built.items()}
    return Snapshot(catalog, built, directory, board, terms, own_rows(prices), patience)


def ways_of(settings: Settings) -> Ways:
    """What settings say of names beside models."""
    return Ways(settings.tasks, settings.server.region, settings.server.near)


def makes_of(kind: str) -> tuple[Dialect, ...]:
    """The media that providers of a kind make."""
    wires = WIRES.get(kind)
    return tuple(work for work in sorted(MEDIA) if wires and getattr(wires, work) is not None)


def _serving(provider: Provider, given: ProviderSettings) -> Serving:
    own: Mapping[str, tuple[str, ...]] = dict(given.makes.items())
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
        given.data == "private",
        makes_of(provider.kind),
        {work: names for work in sorted(MEDIA) if (names := own.get(work)) is not None},
    )
