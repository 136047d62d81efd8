"""Why a request went where it went, in words: the decision that the first row of the ledger keeps."""

from collections.abc import Iterator
from typing import Final

from madang.cli.options.office import Row

_PICKS: Final = {
    "order": "in their order",
    "weighted": "by weight and chance",
    "latency": "by latency in seconds",
    "least-busy": "by calls under way",
    "cost": "by price per million tokens in dollars",
    "quality": "by quality",
    "prefer": "by the preference",
}
_NUSD: Final = 1_000_000_000


def told(plan: Row | None) -> list[str]:
    """A decision in lines; none where there was nothing to choose."""
    return [] if plan is None else list(_lines(plan))


def _lines(plan: Row) -> Iterator[str]:
    if plan.get("task"):
        yield f"The task is {plan['task']}."
    if plan.get("tier"):
        reasons = ", ".join(plan.get("signals", ())) or "nothing speaks for more"
        yield f"Judged {plan['tier']}: {reasons}."
    if plan.get("rule"):
        yield f"Rule {plan['rule']} of the model holds."
    if plan.get("considered"):
        how = _PICKS.get(plan["pick"], plan["pick"])
        if plan["pick"] == "prefer":
            how = f"by the preference for {plan['prefer']}"
        yield f"Considered, {how}: {', '.join(_weighed(one, plan['pick']) for one in plan['considered'])}."
    for one in plan.get("left_out", ()):
        yield f"Left out: {one['target']}: {one['why']}."
    if plan.get("kept"):
        yield f"The session stays with {plan['kept']}."
    if plan.get("probe"):
        yield f"{plan['probe']} was asked to see how fast it is now."


def _weighed(one: Row, pick: str) -> str:
    score, state = one.get("score"), one.get("state")
    if score is not None and pick == "cost":
        score = score / _NUSD
    facts = [*([f"{score:g}"] if score is not None else []), *([state] if state else [])]
    return f"{one['target']} ({', '.join(facts)})" if facts else str(one["target"])
