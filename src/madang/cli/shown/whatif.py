"""The report of `madang whatif` for people to read."""

from collections.abc import Iterator, Sequence

import click

from madang.cli.shown.printing import count, dollars, print_table
from madang.whatif.report import Group, Money, Report, Side

_MOST_ROWS = 20


def print_report(told: Report) -> None:
    """Tables and sentences; all of it is in the JSON."""
    click.echo(f"What if, {told.source}: {told.first or '-'} to {told.last or '-'} (UTC)")
    _print_models(told)
    for title, groups in (("key", told.by_key), ("tag", told.by_tag), ("day", told.by_day)):
        _print_groups(title, groups)
    for line in (*_cost(told), *_effects(told), *_latency(told)):
        click.echo(line)
    click.echo("\nAssumed:")
    for sentence in told.assumptions:
        click.echo(f"  {sentence}")


def _print_models(told: Report) -> None:
    columns = ("provider", "model", "requests then", "cost then", "requests now", "cost now", "p50")
    rows = [
        (
            row.provider,
            row.model,
            count(row.then_requests),
            dollars(row.then_nusd),
            count(row.now_requests),
            _sum(row.now_nusd, row.now_unknown),
            _ms(row.p50_us),
        )
        for row in told.by_model
    ]
    print_table(columns, rows, numbers=columns[2:])


def _print_groups(title: str, groups: Sequence[Group]) -> None:
    if len(groups) < 2 and (not groups or groups[0].name is None):
        return
    dearest = sorted(groups, key=lambda one: -max(one.then_nusd, one.now_nusd))[:_MOST_ROWS]
    chosen = [one for one in groups if one in dearest]
    columns = (title, "requests", "cost then", "cost now", "difference")
    rows = [(one.name or "(none)", count(one.requests), *_money(one)) for one in chosen]
    print_table(columns, rows, numbers=columns[1:])
    if len(groups) > len(chosen):
        click.echo(f"The {len(chosen)} dearest of {count(len(groups))}; --json has all.")


def _money(one: Money) -> tuple[str, str, str]:
    return (
        _sum(one.then_nusd, one.then_unknown),
        _sum(one.now_nusd, one.now_unknown),
        _difference(one),
    )


def _sum(nusd: int, unknown: int, places: int = 6) -> str:
    """What is known of a cost; a difference only compares requests that are known on both sides."""
    return dollars(nusd, places) + (" + unknown" if unknown else "")


def _difference(one: Money) -> str:
    if not one.compared_requests:
        return "unknown"
    share = "" if one.difference_share is None else f" ({one.difference_share:+.1%})"
    return f"{dollars(one.difference_nusd)}{share}"


def _cost(told: Report) -> Iterator[str]:
    total = told.total
    yield (
        f"Then {_sum(total.then_nusd, total.then_unknown, 9)}, now {_sum(total.now_nusd, total.now_unknown, 9)}; "
        f"difference {_difference(total)} over "
        f"{count(total.compared_requests)} of {count(total.requests)} requests."
    )
    if total.then_unknown or total.now_unknown:
        yield (
            f"  No price: {count(total.then_unknown)} requests then, {count(total.now_unknown)} now; not compared."
        )
    for one in told.unpriced[:_MOST_ROWS]:
        yield f"  No price: {one.provider}/{one.model}, {count(one.requests)} attempts"
    if told.corrections_nusd:
        yield f"  Corrections found out afterwards, not in the cost then: {dollars(told.corrections_nusd, 9)}"
    if told.month:
        month = told.month
        yield (
            f"A month of 30 days like the mean of these {month.days_used}: then {dollars(month.then_nusd, 2)}, "
            f"now {dollars(month.now_nusd, 2)}, difference {dollars(month.difference_nusd, 2)}."
        )


def _effects(told: Report) -> Iterator[str]:
    yield (
        f"{count(told.moved_requests)} requests would be answered elsewhere;"
        f" {count(told.failed_requests)} failed then, and would again."
    )
    if told.unserved:
        names = ", ".join(list(told.unserved)[:10])
        yield f"  The configuration leads nowhere for {names}: priced at the vendor's."
    caches, fit, limits = told.caches, told.fit, told.limits
    if caches.then_hits or caches.more_hits:
        yield (
            f"Cache: {count(caches.then_hits)} hits then, {count(caches.more_hits)} more, which save"
            f" {dollars(caches.saved_nusd)}."
        )
    if fit.too_long or fit.unable or fit.longer_answers:
        yield (
            f"{count(fit.too_long)} exceed a window and {count(fit.unable)} need what a target lacks; of these"
            f" {count(fit.unanswered)} find no other. {count(fit.longer_answers)} answers would be cut."
        )
    if limits:
        kinds = ", ".join(f"{code} {count(n)}" for code, n in limits.refused.items()) or "none"
        yield (
            f"Limits: {count(limits.refused_requests)} of {count(limits.limited_requests)} would be refused ({kinds}),"
            f" worth {dollars(limits.refused_nusd)}."
        )
    if told.unread_lines:
        yield f"{count(told.unread_lines)} rows of the file were not understood: see `madang import usage`."


def _latency(told: Report) -> Iterator[str]:
    for word, side in (("then", told.latency.then), ("now", told.latency.now)):
        yield f"Latency {word}: {_side(side)}"


def _side(side: Side) -> str:
    unknown = f"; unknown for {count(side.unknown_requests)}" if side.unknown_requests else ""
    if side.p50_us is None:
        return f"unknown{unknown}"
    return f"p50 {_ms(side.p50_us)}, p99 {_ms(side.p99_us)} over {count(side.known_requests)} requests{unknown}"


def _ms(us: int | None) -> str:
    return "unknown" if us is None else f"{us / 1000:,.0f} ms"
