"""Whether there is money for a job: what is spent, what is reserved, and what it would cost."""

from madang_studio.errors import OverBudget
from madang_studio.graph.plan import Plan
from madang_studio.store import Project
from madang_studio.store.dramas import Drama

_NUSD = 1_000_000_000


def check(project: Project, drama: Drama, nusd: int) -> None:
    """Raise OverBudget if a job that costs this much would overdraw the drama or its batch."""
    if drama.brief.budget_usd is not None:
        spent = project.money.spent(drama.id).nusd + project.jobs.reserved(drama.id)
        _hold(f"drama {drama.id}", round(drama.brief.budget_usd * _NUSD), spent, nusd)
    if drama.batch is None:
        return
    limit = project.dramas.batch(drama.batch).budget_nusd
    if limit is not None:
        spent = project.money.spent_by_batch(drama.batch).nusd
        reserved = project.jobs.reserved_by_batch(drama.batch)
        _hold(f"batch {drama.batch}", limit, spent + reserved, nusd)


def needed(rest: Plan) -> str:
    """How much more a drama needs, in words."""
    more = f" and {len(rest.unknown)} parts that have no price yet" if rest.unknown else ""
    return f"To finish the drama about {dollars(rest.nusd)}{more} will be needed."


def dollars(nusd: int) -> str:
    """An amount for people: whole cents, or what is left of them; a trace is not said to be nothing."""
    if 0 < nusd < _NUSD // 10_000:
        return "less than $0.0001"
    text = f"{nusd / _NUSD:.4f}".rstrip("0")
    return f"${text}{'0' * (2 - len(text.partition('.')[2]))}"


def _hold(whose: str, limit: int, spent: int, nusd: int) -> None:
    if spent + nusd > limit or (nusd == 0 and spent >= limit):
        step = (
            f"the next step costs {dollars(nusd)}"
            if nusd
            else "nobody knows what the next step costs"
        )
        raise OverBudget(
            f"The budget of {whose} is {dollars(limit)}; {dollars(spent)} is spent or promised, and {step}."
        )
