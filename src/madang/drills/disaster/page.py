"""The report of drills: rows for a table, the same for machines, and a page of Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from madang.drills.disaster.figures import RECOVERY_S, SLOWEST_S, Outcome
from madang.drills.disaster.rows import LEFT_OUT
from madang.drills.disaster.run import PER_S
from madang.drills.disaster.targets import PLACES

COLUMNS = (
    "drill",
    "held",
    "requests",
    "answered",
    "callers saw",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "noticed ms",
    "back ms",
    "cost $",
    "ledger",
)
NUMBERS = ("requests", "answered", "p50 ms", "p95 ms", "p99 ms", "noticed ms", "back ms", "cost $")


def cells(outcome: Outcome) -> tuple[str, ...]:
    """One row of the table, by COLUMNS."""
    figures, audit = outcome.figures, outcome.audit
    return (
        outcome.drill.name,
        "yes" if outcome.passed else "NO",
        f"{figures.requests:,}",
        f"{figures.answered:.2%}",
        ", ".join(f"{times} {kind}" for kind, times in figures.kinds.items()) or "answers only",
        _ms(figures.p50_s),
        _ms(figures.p95_s),
        _ms(figures.p99_s),
        _ms(figures.detected_s),
        _ms(figures.recovered_s),
        f"{audit.cost_nusd / 1e9:.6f}",
        "exact" if audit.exact and not audit.difference_nusd else "; ".join(audit.problems),
    )


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:,.0f}"


def missed(outcome: Outcome) -> list[str]:
    """The objectives that did not hold."""
    return [one.what for one in outcome.objectives if not one.held]


def told(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The report for machines. Times are seconds, money nano-dollars, shares fractions; null: not seen."""
    return {
        "passed": all(one.passed for one in outcomes),
        "drills": [
            {
                "name": one.drill.name,
                "what": one.drill.what,
                "passed": one.passed,
                **one.figures._asdict(),
                "ledger": {**one.audit._asdict(), "exact": one.audit.exact},
                "objectives": [objective._asdict() for objective in one.objectives],
            }
            for one in outcomes
        ],
    }


def page(outcomes: Sequence[Outcome], facts: Mapping[str, str]) -> str:
    """The report as Markdown. `facts` are what its head says: the day, the machine and so on."""
    return "\n".join(_lines(outcomes, facts)) + "\n"


def _lines(outcomes: Sequence[Outcome], facts: Mapping[str, str]) -> Iterator[str]:
    held = sum(one.passed for one in outcomes)
    yield f"# Drills, {facts['day']}"
    yield ""
    yield f"{held} of {len(outcomes)} held. Repeat it with `make drill`. {facts['machine']}."
    yield ""
    yield _how()
    yield ""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|" + "|".join("---:" if name in NUMBERS else "---" for name in COLUMNS) + "|"
    for one in outcomes:
        yield f"| {' | '.join(cells(one))} |"
    yield ""
    yield "Percentiles are those of requests that came while the fault lasted."
    for one in outcomes:
        if not one.passed:
            yield ""
            yield f"**{one.drill.name} did not hold**: {'; '.join(missed(one))}."
    yield ""
    yield "## What strikes"
    yield ""
    for one in outcomes:
        yield f"- **{one.drill.name}**: {one.drill.what}."
    yield ""
    where = "; ".join(f"{what} ({file})" for what, file in LEFT_OUT.items())
    yield f"Not among them, because tests hold them: {where}."


def _how() -> str:
    """What every drill has in common."""
    where = ", then ".join(f"{one.name} ({one.kind}, region {one.region})" for one in PLACES)
    return _HOW.format(where=where, per_s=PER_S, slowest_s=SLOWEST_S, recovery_s=RECOVERY_S)


_HOW = """\
Each drill has a gateway of its own, as a process, and three simulated providers: {where}. The fault
strikes the first; `region-lost` the first two. {per_s:g} callers a second ask in every dialect by turns,
whole and streamed, for the numbers from 1 to 12: first in peace, then with the fault, then without it.
Callers, providers and gateway share the machine. Time-outs and rests of the breaker are a second or less,
so that a drill takes seconds; the defaults are longer.

Objectives: at least 99.9 % get the right answer (90 % where broken streams may not be gone on with); each
answer ends as its dialect says; nobody waits longer than {slowest_s:g} s; the fault is noticed (a request
goes straight past the struck target); where it can be, the target is asked again within {recovery_s:g} s;
every exact row of the ledger equals a charge in the books of the simulated providers, in tokens and
nano-dollars, and every charge has its row."""
