"""Providers that the environment enables: a key in `OPENAI_API_KEY` is all the configuration."""

from collections.abc import Mapping

from madang.config.parsing import expand
from madang.config.problems import ConfigError, Problem
from madang.config.sections.providers import Provider, key_fault


def detect(
    environ: Mapping[str, str], env_names: Mapping[str, tuple[str, ...]]
) -> dict[str, Provider]:
    """A provider for each name that has a non-empty variable; the first such variable counts.

    `env_names`: the variables of each provider, by its name in the catalogue. Raises ConfigError
    for a key that cannot be sent.
    """
    found: dict[str, Provider] = {}
    problems: list[Problem] = []
    for provider, names in env_names.items():
        for name in names:
            key = expand.read(environ, name)
            if not key:
                continue
            fault = key_fault(key)
            if fault:
                problems.append(Problem(name, fault))
            found[provider] = Provider(api_key=key)
            break
    if problems:
        raise ConfigError("the environment", tuple(problems))
    return found
