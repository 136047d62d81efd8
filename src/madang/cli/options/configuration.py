"""Which configuration a command speaks of: the option, the file, and its faults told."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from madang import catalog as catalogue
from madang.catalog import Catalog
from madang.config.load import load, load_alone
from madang.config.problems import ConfigError
from madang.config.sections.keys import Keys
from madang.config.sections.providers import Provider
from madang.config.settings import Settings
from madang.errors import StoreUnavailable
from madang.server.process.assembly import given_providers
from madang.state.store import DATABASE, Store
from madang.state.vault import NOTHING, MasterKeys, Opened, Vault
from madang.upstream.providers import ProviderProblem

FILE = "madang.yaml"

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="MADANG_CONFIG",
    help=f"The configuration file. Default: $MADANG_CONFIG, or {FILE} in the home folder.",
)


class Configuration(NamedTuple):
    """What an installation would serve. `path` None: there is no file, and all has its default.

    `providers` are those of the file, and those that a stored key or the environment enables. `shut`
    says which stored keys cannot be used.
    """

    path: Path | None
    settings: Settings
    catalog: Catalog
    providers: dict[str, Provider]
    shut: tuple[str, ...] = ()


def read(
    config: Path | None,
    home: Path,
    environ: Mapping[str, str] | None = None,
    *,
    is_alone: bool = False,
) -> Configuration:
    """The configuration in a file, or in the home folder if it has one. Raises ConfigError, ProviderProblem.

    `environ` is where variables are read (None: the process's). `is_alone`: files that it names are not looked at.
    """
    environ = os.environ if environ is None else environ
    if config is None and (home / FILE).exists():
        config = home / FILE
    settings = load_alone(config, environ) if is_alone else load(config, environ)
    catalog = catalogue.load()
    stored = _stored_keys(home, environ)
    providers = given_providers(settings, catalog, environ, stored)
    return Configuration(config, settings, catalog, providers, stored.faults)


def warn_s(home: Path, config: Path | None = None) -> float:
    """How long before its end a key is said to expire, in seconds; a broken configuration says nothing of it."""
    named = os.environ.get("MADANG_CONFIG")
    config = config or (Path(named) if named else home / FILE)
    try:
        return load(config if config.exists() else None, os.environ).keys.warn_s
    except ConfigError:
        return Keys().warn_s


def _stored_keys(home: Path, environ: Mapping[str, str]) -> Opened:
    """The stored keys of providers; none where the store does not open, which others find out."""
    if not (home / DATABASE).exists():
        return NOTHING
    try:
        store = Store(home)
    except StoreUnavailable:
        return NOTHING
    try:
        return Vault(store, MasterKeys(home, environ)).opened
    finally:
        store.close()


@contextmanager
def faults_told() -> Iterator[None]:
    """Let what is wrong with a configuration end the command with status 1, and say it."""
    try:
        yield
    except (ConfigError, ProviderProblem) as problem:
        raise click.ClickException(str(problem)) from problem
