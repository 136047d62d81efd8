"""The section `models`: entries of one name put together, how one of them is picked, and what comes after."""

from collections.abc import Mapping
from decimal import Decimal
from math import gcd
from typing import Any, Final

from madang.migration.findings import Findings
from madang.migration.litellm.deployments import Deployment, fits
from madang.migration.place import Place

_PICKS: Final[Mapping[str, tuple[str, str]]] = {
    "simple-shuffle": ("weighted", ""),
    "least-busy": ("least-busy", ""),
    "latency-based-routing": ("latency", ""),
    "cost-based-routing": ("cost", ""),
    "usage-based-routing": ("least-busy", "the nearest: a target at its limits is passed over"),
    "usage-based-routing-v2": ("least-busy", "the nearest: a target at its limits is passed over"),
}
_CAUSES: Final[Mapping[str, str | None]] = {
    "context_window_fallbacks": "context_overflow",
    "content_policy_fallbacks": "content_filter",
    "fallbacks": None,
}
"""Where fallbacks stand, special ones first, and the cause that each is for (None: any)."""

_MOST_WEIGHT = 1_000_000

Models = dict[str, dict[str, Any]]


def models_of(deployments: list[Deployment], strategy: Place | None, findings: Findings) -> Models:
    """Each name with its targets, and the way to pick one."""
    pick = _pick(strategy, findings)
    groups: dict[str, list[Deployment]] = {}
    for one in deployments:
        groups.setdefault(one.name, []).append(one)
    return {name: _model(group, pick, findings) for name, group in groups.items()}


def _pick(strategy: Place | None, findings: Findings) -> str:
    name = strategy.text() if strategy else None
    if strategy is None or name is None:
        return "weighted"
    if name not in _PICKS:
        findings.left(strategy.path, "there is no such way to pick; targets are picked by weight")
        return "weighted"
    pick, told = _PICKS[name]
    if told:
        findings.changed(strategy.path, f"`pick: {pick}`, {told}")
    else:
        findings.carried(strategy.path, f"`pick: {pick}` where a model has several targets")
    return pick


def _model(group: list[Deployment], pick: str, findings: Findings) -> dict[str, Any]:
    orders = sorted({one.order for one in group})
    weights = _weights(group, first=orders[0])
    merged: dict[str, int] = {}
    for one, weight in zip(group, weights, strict=True):
        merged[one.target] = merged.get(one.target, 0) + weight
    if len(orders) > 1:
        pick = "weighted"
    if pick != "weighted":
        merged = dict.fromkeys(merged, 1)
    model: dict[str, Any] = {"targets": _targets(merged, group, orders)}
    if len(merged) > 1:
        model["pick"] = pick
    _tell_shares(group, orders, model.get("pick"), findings)
    features = _agreed(group, "features")
    return {**model, **({"features": features} if features else {}), **_agreed(group, "bounds")}


def _weights(group: list[Deployment], first: int) -> list[int]:
    """Whole shares as LiteLLM's shuffle has them: by `weight`, else `rpm`, else `tpm`, else alike.

    A later `order` has none: it comes when all the others have failed.
    """
    in_front = [one for one in group if one.order == first]
    by = next((n for n in ("weight", "rpm", "tpm") if any(n in x.weights for x in in_front)), None)
    shares = [
        Decimal(0) if one.order != first else one.weights.get(by, Decimal(0)) if by else Decimal(1)
        for one in group
    ]
    if not any(shares):
        shares = [Decimal(int(one.order == first)) for one in group]
    return _whole(shares)


def _whole(shares: list[Decimal]) -> list[int]:
    """The smallest whole numbers in these proportions; where they are too large, the nearest."""
    most = max(shares)
    scale = max(-int(share.as_tuple().exponent) for share in shares)
    if most >= _MOST_WEIGHT or scale > 6:
        return [max(int(share * 10_000 / most), int(share > 0)) for share in shares]
    whole = [int(share * 10 ** max(scale, 0)) for share in shares]
    if max(whole) > _MOST_WEIGHT:
        return [max(int(share * 10_000 / most), int(share > 0)) for share in shares]
    common = gcd(*whole)
    return [share // common for share in whole]


def _targets(merged: dict[str, int], group: list[Deployment], orders: list[int]) -> list[Any]:
    """The targets, those of an earlier `order` first; a weight of 1 needs no mention."""
    order = {one.target: orders.index(one.order) for one in reversed(group)}
    sorted_targets = sorted(merged, key=lambda target: order[target])
    if len(merged) == 1:
        return sorted_targets
    return [
        target if merged[target] == 1 else {"to": target, "weight": merged[target]}
        for target in sorted_targets
    ]


def _tell_shares(
    group: list[Deployment], orders: list[int], pick: str | None, findings: Findings
) -> None:
    for one in group:
        for name, place in one.places.items():
            if name == "weight" and pick == "weighted":
                findings.carried(place.path, "`weight` of the target, in whole numbers")
            elif name == "weight":
                told = "with this way to pick there are no weights" if pick else "the only target"
                findings.changed(place.path, told)
            elif len(orders) == 1:
                findings.carried(place.path, "all are alike")
            else:
                findings.changed(place.path, "`weight: 0`: later orders come when the first fail")


def _agreed(group: list[Deployment], name: str) -> dict[str, Any]:
    """What is the same of all entries, or said of one alone."""
    found: dict[str, Any] = {}
    for key in {key: None for one in group for key in getattr(one, name)}:
        said = {getattr(one, name)[key] for one in group if key in getattr(one, name)}
        found[key] = min(said)  # the careful one: no, and the smaller window
    return found


def add_aliases(models: Models, aliases: Place | None, findings: Findings) -> dict[str, str]:
    """`model_group_alias`: other names for the same; which is whose."""
    found: dict[str, str] = {}
    for alias, place in aliases.entries() if aliases else ():
        name = (place.get("model") or place).text()
        if name not in models or alias in models or not fits(alias):
            findings.left(place.path, "there is no such model, or the name is taken")
            continue
        models[alias] = dict(models[name])
        found[alias] = name
        findings.carried(place.path, "a model of its own with the same targets")
    return found


def follow_alike(models: Models, aliases: Mapping[str, str]) -> None:
    """Let the other names have the fallbacks of the models that they stand for."""
    for alias, name in aliases.items():
        following = models[name].get("fallback", [])
        kept = [one for one in following if one != alias and not _leads(one, alias)]
        if kept:
            models[alias]["fallback"] = kept
        else:
            models[alias].pop("fallback", None)


def _leads(following: Any, name: str) -> bool:  # noqa: ANN401 - a name, or a mapping with one
    return isinstance(following, dict) and following["to"] == name


class Followers:
    """What comes after the targets of models.

    `targets`: the target of each entry with an id, by which LiteLLM may name it. `works`: what each model
    and each target does; none follows one that does something else.
    """

    def __init__(
        self,
        models: Models,
        targets: Mapping[str, str],
        works: Mapping[str, str],
        findings: Findings,
    ) -> None:
        self._models = models
        self._targets = targets
        self._works = works
        self._findings = findings

    def add(self, sections: list[Place]) -> None:
        """All that is said of fallbacks, the special ones first."""
        for key, cause in _CAUSES.items():
            for section in sections:
                listed = section.get(key)
                for rule in listed.items() if listed else ():
                    for name, places in rule.entries():
                        names = list(self._models) if name == "*" else [name]
                        self._follow(names, places, cause)
        for section in sections:
            default = section.get("default_fallbacks")
            bare = [name for name, model in self._models.items() if "fallback" not in model]
            if default:
                self._follow(bare, default, None)

    def _follow(self, names: list[str], places: Place, cause: str | None) -> None:
        """Let models be followed by others, in the order of the file."""
        there = [name for name in names if name in self._models]
        if not there:
            self._findings.left(places.path, "no model of that name was carried over")
            return
        for place in places.items():
            to = place.text() or ""
            aim = to if to in self._models else self._targets.get(to)
            alike = [name for name in there if aim and aim != name and self._can_follow(name, aim)]
            if aim is None or not alike:
                told = (
                    "no such model was carried over, or it does other work; only names can follow"
                )
                self._findings.left(place.path, told)
                continue
            self._findings.carried(place.path, f"`fallback`{f' on `{cause}`' if cause else ''}")
            for name in alike:
                row = {"on": [cause], "to": aim} if cause else aim
                following = self._models[name].setdefault("fallback", [])
                if row not in following:
                    following.append(row)

    def _can_follow(self, name: str, aim: str) -> bool:
        return self._works.get(name) == self._works.get(aim)
