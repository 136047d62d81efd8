"""A whole `config.yaml`: read, carried over section by section, judged, and written.

One rule: what is written loads. Each provider, model and price is read back by the configuration's own
reader, and one that it refuses is taken out again and told.
"""

import re
from collections.abc import Mapping
from typing import Any

from madang.catalog import Catalog
from madang.config.load import parse
from madang.config.parsing.tree import Node, read
from madang.config.problems import ConfigError
from madang.migration.findings import Findings, Translation, Variable
from madang.migration.litellm.deployments import Fleet
from madang.migration.litellm.fates import GENERAL, LITELLM, ROUTER, SECTIONS
from madang.migration.litellm.routing import (
    Followers,
    Models,
    add_aliases,
    follow_alike,
    models_of,
)
from madang.migration.litellm.suppliers import VARIABLE
from madang.migration.litellm.whole import (
    add_lossy,
    add_timeout,
    budget_of,
    cache_of,
    environment_told,
    general_of,
    log_of,
)
from madang.migration.place import Place
from madang.migration.writing import write

_NOTHING = Place(Node(None, 1))
_DOLLARS = re.compile(r"\$+(?=\{)|\$\$+")
_HEAD = "# Made from {source} by `madang import litellm`. `madang doctor` checks it.\n"
_PACED = (
    "Madang asks providers no faster than careful defaults allow where the file gives no `rpm` or `tpm`: "
    "raise `limits` and `concurrency` of a provider where you were granted more."
)
_KEYS = (
    "LiteLLM's virtual keys, teams and spend are in its database, not in this file: make keys with "
    "`madang key create`, and give them `models`, limits and budgets."
)


def translate(text: str, catalog: Catalog, source: str = "config.yaml") -> Translation:
    """What a configuration of LiteLLM is in Madang's words. Raises ConfigError for what is no YAML.

    `source` is what the text is called in messages.
    """
    # doubled, so that nothing in the file is taken for a variable of ours
    guarded = _DOLLARS.sub(lambda found: found[0] * 2, text.removeprefix("\ufeff"))
    root, unread = read(guarded, {}, source)
    if unread:
        raise ConfigError(source, tuple(unread))
    findings, top = Findings(), Place(root)
    fleet = Fleet(catalog, findings, VARIABLE.findall(text))
    settings = _sections(top, fleet, findings)
    findings.note(_PACED)
    findings.note(_KEYS)
    rows = findings.complete(root)
    variables = tuple(Variable(name, told) for name, told in findings.variables.items())
    body = write(settings)
    return Translation(_HEAD.format(source=source) + body, rows, variables, tuple(findings.notes))


def _sections(top: Place, fleet: Fleet, findings: Findings) -> dict[str, Any]:
    """The sections of `madang.yaml`, in the order in which people read them."""
    litellm, router, general, environment = (
        top.get(name) or _NOTHING
        for name in (
            "litellm_settings",
            "router_settings",
            "general_settings",
            "environment_variables",
        )
    )
    findings.tell(dict(top.entries()), SECTIONS)
    for place, fates in ((litellm, LITELLM), (router, ROUTER), (general, GENERAL)):
        findings.tell(dict(place.entries()), fates)
    fleet.read(top.get("model_list") or _NOTHING, _credentials(top, findings))
    providers = fleet.suppliers.sections
    add_lossy(providers, litellm, findings)
    add_timeout(providers, [router, litellm], findings)
    models = models_of(fleet.deployments, router.get("routing_strategy"), findings)
    _drop_unsound(fleet, models, findings)
    given = router.get("model_group_alias") or litellm.get("model_alias_map")
    aliases = add_aliases(models, given, findings)
    works = _works(fleet, aliases)
    Followers(models, _targets_by_id(fleet), works, findings).add([router, litellm])
    follow_alike(models, aliases)
    environment_told(environment, findings)
    return {
        "providers": providers,
        "models": models,
        "prices": [row for row in fleet.prices if row["provider"] in providers],
        "budgets": budget_of(litellm, findings),
        "cache": cache_of(litellm, findings),
        **general_of(general, findings),
        "log": log_of(litellm, findings),
    }


def _credentials(top: Place, findings: Findings) -> dict[str, dict[str, Place]]:
    """`credential_list`: values by the name that entries refer to them by."""
    found: dict[str, dict[str, Place]] = {}
    listed = top.get("credential_list")
    for one in listed.items() if listed else ():
        name, values = one.get("credential_name"), one.get("credential_values")
        if name and values:
            findings.carried(name.path, "put in the place of its name")
            found[name.text() or ""] = dict(values.entries())
        if (info := one.get("credential_info")) is not None:
            findings.carried(info.path, "says nothing that Madang needs")
    return found


def _targets_by_id(fleet: Fleet) -> dict[str, str]:
    """The targets of entries that have an id, where their providers are still there."""
    at = fleet.suppliers.sections
    return {
        one.id: one.target for one in fleet.deployments if one.id and _provider(one.target) in at
    }


def _works(fleet: Fleet, aliases: Mapping[str, str]) -> dict[str, str]:
    """What each model and each target does."""
    found = {name: one.work for one in fleet.deployments for name in (one.name, one.target)}
    return found | {alias: found[name] for alias, name in aliases.items() if name in found}


def _drop_unsound(fleet: Fleet, models: Models, findings: Findings) -> None:
    """Take out what Madang's own reader refuses, and say so of the entries that it was made of."""
    providers = fleet.suppliers.sections
    for name in list(providers):
        fault = _fault({"providers": {name: providers[name]}}, findings.samples)
        if fault:
            del providers[name]
            for path in fleet.entries[name]:
                findings.left_whole(path, f"its provider cannot be used: {fault}")
    for name, model in list(models.items()):
        kept = [one for one in model["targets"] if _provider(one) in providers]
        model["targets"] = kept
        fault = _fault({"models": {name: model}}) if kept else "no target is left"
        if fault:
            del models[name]
        for one in fleet.deployments:
            if fault and one.name == name and _provider(one.target) in providers:
                findings.left_whole(one.path, f"this model cannot be used: {fault}")


def _provider(target: str | Mapping[str, Any]) -> str:
    aim = target if isinstance(target, str) else str(target["to"])
    return aim.partition("/")[0]


def _fault(settings: dict[str, Any], samples: Mapping[str, str] | None = None) -> str | None:
    """What Madang's reader finds wrong with settings; None: nothing. `samples` stand for variables."""
    try:
        parse(write(settings), samples or {})
    except ConfigError as error:
        return error.problems[0].message
    return None
