"""`madang demo`: see it work, without a key and without a network."""

import click
from rich.markup import escape

from madang.cli.shown.printing import console, count, dollars, print_table
from madang.client import Gateway
from madang.drills import demo
from madang.drills.demo import Answer, Books
from madang.drills.testbed import SimulatedProviders, start_gateway

_SHOWN_HEADERS = ("x-request-id", "x-madang-")
_SHOWN_CHARS = 160


@click.command("demo")
def command() -> None:
    """Show it working, without a key and without a network.

    Starts simulated providers and a gateway in a temporary folder, asks in every dialect, whole and streamed, takes one
    provider down, and shows the ledger of it all. Exit status 1 if the ledger does not add up.

    Example: madang demo
    """
    show = console()
    with (
        SimulatedProviders(list(demo.PROVIDERS)) as simulated,
        start_gateway(demo.configuration(simulated.urls)) as running,
    ):
        show.print(f"[bold]A gateway on {running.url}, and three simulated providers[/bold]")
        made = (
            Gateway(running.url, running.admin_key)
            .call("POST", "/api/keys", {"name": "demo"})
            .json()
        )
        gateway = Gateway(running.url, made["key"])
        answers = []
        for answer in demo.ask_all(gateway):
            answers.append(answer)
            _show(answer)
        show.print("\n[bold]Failover: the provider of gpt-4.1 answers 503 from now on[/bold]")
        answers.append(demo.fail_over(gateway, simulated))
        _show(answers[-1])
        books = demo.balance(gateway, answers)
    _show_books(books)
    if not books.agree:
        raise click.ClickException("the rows do not add up to the month's usage: this is a defect.")


def _show(answer: Answer) -> None:
    question, show = answer.question, console()
    title = demo.DIALECTS[question.dialect].title
    how = "whole" if answer.pieces is None else f"streamed, pieces: {answer.pieces}"
    text = " ".join(answer.text.split())
    if len(text) > _SHOWN_CHARS:
        text = f"{text[:_SHOWN_CHARS]}…"
    show.print(f"\n[cyan]{title}[/cyan], model {question.model}, {how}")
    show.print(f"  [green]>[/green] {escape(question.text)}")
    show.print(f"  [green]<[/green] {escape(text)}")
    for name, value in answer.headers.items():
        if name.startswith(_SHOWN_HEADERS):
            show.print(f"  [dim]{name}: {escape(value)}[/dim]")


def _show_books(books: Books) -> None:
    console().print("\n[bold]The ledger: a row for every attempt[/bold]")
    print_table(
        ("request", "dialect", "asked for", "provider", "model", "outcome", "in", "out", "cost"),
        [
            (
                row["id"],
                row["dialect"],
                row["asked_model"],
                row["provider"],
                row["model"],
                row["outcome"] if row["outcome"] == "ok" else f"{row['outcome']} ({row['cause']})",
                count(row["input_tokens"]),
                count(row["output_tokens"]),
                dollars(row["cost_nusd"], 9),
            )
            for row in books.rows
        ],
        ("sum", "", "", "", "", "", "", count(books.tokens), dollars(books.sum_nusd, 9)),
        numbers=("in", "out", "cost"),
    )
    month = dollars(books.month["total_cost_nusd"], 9)
    verdict = "and so does" if books.agree else "but not"
    console().print(
        f"The rows add up to {dollars(books.sum_nusd, 9)}, {verdict} /v1/usage/current-month: {month}."
    )
