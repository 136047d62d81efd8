"""What to say of a drama when nothing of it can be made now."""

from madang_studio.errors import OverBudget
from madang_studio.graph.survey import Survey
from madang_studio.store.dramas import State

_MOST_NAMED = 3

Verdict = tuple[State, str | None, str | None]
"""The state, with a code and words for why it stands still."""


def verdict(seen: Survey, trouble: OverBudget | None) -> Verdict | None:
    """How a drama stands of which nothing is queued, running or ready; None: something still is."""
    standing = seen.standing.values()
    failed = [it for it in standing if it.state == "failed"]
    waiting = [it for it in standing if it.state == "waiting"]
    if seen.done:
        return "done", None, None
    if trouble is None and any(it.ready for it in standing):
        return None
    if failed:
        words = "; ".join(f"{it.node.key}: {it.why[0]}" for it in failed[:_MOST_NAMED])
        more = len(failed) - _MOST_NAMED
        return "failed", "failed", f"{words}{f'; and {more} more' if more > 0 else ''}"
    if trouble is not None:
        return "blocked", trouble.code, str(trouble)
    if waiting:
        return "waiting", waiting[0].gate, waiting[0].why[0]
    return None
