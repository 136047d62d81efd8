"""`madang account`: who pays, what they have, and what became of it."""

from datetime import date

import click
import msgspec

from madang.accounts.bureau import (
    AccountShown,
    ChangePlan,
    CloseAccount,
    CreateAccount,
    GiveCredit,
    RefundCredit,
    SettlePayment,
)
from madang.cli.offices.account import AccountOffice, at_accounts
from madang.cli.shown.printing import json_option, moment, print_json, print_table
from madang.cli.shown.statement import csv_lines, print_statement, usd
from madang.ledger.tables.credit import Entry

_COLUMNS = ("id", "name", "plan", "state", "balance", "limits", "time zone", "created")

_account = click.argument("account")
_reference = click.option(
    "--reference", help="Makes it unique: the same reference again changes nothing."
)
_note = click.option("--note", default="", help="Stands in the entry and on statements.")


@click.group("account")
def command() -> None:
    """Open accounts, give them credit, and state what became of it.

    What changes takes effect in the running gateway within a second. Amounts are dollars, exact to nine decimals.
    """


@command.command("create")
@click.option("--name", required=True, help="Whose it is; shown in lists and on statements.")
@click.option("--plan", default="starter", show_default=True, help="Its plan.")
@click.option(
    "--time-zone", default="UTC", show_default=True, help="Where its days begin, e.g. Asia/Seoul."
)
@json_option
@at_accounts
def create(accounts: AccountOffice, name: str, plan: str, time_zone: str, as_json: bool) -> None:
    """Open an account; what its plan grants is granted.

    Example: madang account create --name Acme --plan pro --time-zone Asia/Seoul
    """
    made = accounts.create(CreateAccount(name=name, plan=plan, time_zone=time_zone))
    if as_json:
        print_json(msgspec.to_builtins(made))
        return
    click.echo(made.id)
    click.echo(
        f"This is the account {made.name!r}, plan {made.plan}, balance {usd(made.balance_nusd)}. "
        f"Keys for it: madang key create --account {made.id} --name …",
        err=True,
    )


@command.command("list")
@json_option
@at_accounts
def list_(accounts: AccountOffice, as_json: bool) -> None:
    """List every account that was ever opened, with its balance.

    Example: madang account list --json
    """
    found = accounts.all()
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print(found)


@command.command("show")
@_account
@json_option
@at_accounts
def show(accounts: AccountOffice, account: str, as_json: bool) -> None:
    """Show one ACCOUNT, by its id.

    Example: madang account show acc_0123456789abcdef
    """
    _tell(accounts.show(account), as_json)


@command.command("plan")
@_account
@click.argument("plan")
@json_option
@at_accounts
def plan_(accounts: AccountOffice, account: str, plan: str, as_json: bool) -> None:
    """Put an ACCOUNT on another PLAN. Nothing is granted: that happens once, when it is opened.

    Example: madang account plan acc_0123456789abcdef pro
    """
    _tell(accounts.change_plan(account, ChangePlan(plan=plan)), as_json)


@command.command("credit")
@_account
@click.argument("usd")
@click.option(
    "--kind",
    type=click.Choice(["top_up", "grant", "correction"]),
    default="top_up",
    show_default=True,
    help="Paid for, given, or a mistake put right.",
)
@click.option("--debit", is_flag=True, help="Takes instead of gives; a correction only.")
@_reference
@_note
@json_option
@at_accounts
def credit(accounts: AccountOffice, account: str, as_json: bool, **options: str) -> None:
    """Give an ACCOUNT credit of USD dollars.

    Example: madang account credit acc_0123456789abcdef 250 --reference 'wire 2026-11-20/17'
    """
    asked = msgspec.convert(options, GiveCredit)
    _tell_entry(accounts.give(account, asked), as_json)


@command.command("refund")
@_account
@click.argument("usd")
@_reference
@_note
@json_option
@at_accounts
def refund(accounts: AccountOffice, account: str, as_json: bool, **options: str) -> None:
    """Note that USD dollars of an ACCOUNT's credit were paid back, by a bank transfer say.

    What is refunded at Stripe or Toss comes in by itself. At most what was paid and is left can be refunded.

    Example: madang account refund acc_0123456789abcdef 100 --reference 'wire 2026-11-21/3'
    """
    asked = msgspec.convert(options, RefundCredit)
    _tell_entry(accounts.refund(account, asked), as_json)


@command.command("statement")
@_account
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day. Default: the month's."
)
@click.option(
    "--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day, included. Default: today."
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead.")
@json_option
@at_accounts
def statement_(
    accounts: AccountOffice,
    account: str,
    first: date | None,
    last: date | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """State what an ACCOUNT had, what came and went, and what is left. Days are those of its time zone.

    Example: madang account statement acc_0123456789abcdef --from 2026-11-01 --to 2026-11-30 --csv
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json are two forms; give one of them.")
    told = accounts.statement(account, _day(first), _day(last))
    if as_json:
        print_json(msgspec.to_builtins(told))
    elif as_csv:
        for line in csv_lines(told):
            click.echo(line, nl=False)
    else:
        print_statement(told)


@command.command("close")
@_account
@click.option("--write-off", is_flag=True, help="Credit that is left, or a debt, lapses.")
@json_option
@at_accounts
def close(accounts: AccountOffice, account: str, write_off: bool, as_json: bool) -> None:
    """End an ACCOUNT for good, and its keys with it.

    Example: madang account close acc_0123456789abcdef --write-off
    """
    _tell(accounts.close(account, CloseAccount(write_off=write_off)), as_json)


@command.command("payments")
@json_option
@at_accounts
def payments(accounts: AccountOffice, as_json: bool) -> None:
    """List payments that came in and wait for a decision.

    Example: madang account payments
    """
    found = accounts.waiting()
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    print_table(
        ("id", "received", "amount", "refunded", "names", "waits because"),
        [
            (
                one.id,
                moment(one.received_us // 1_000_000),
                f"{one.amount} {one.currency}",
                one.refunded,
                one.named,
                one.waits or "",
            )
            for one in found
        ],
        numbers=("amount", "refunded"),
        empty="No payment waits.",
    )


@command.command("settle")
@click.argument("payment")
@click.option("--account", "account_id", help="The account to credit.")
@click.option("--not-ours", is_flag=True, help="Set it aside: it is for something else.")
@click.option("--per-usd", metavar="N", help="So many of its currency make a dollar.")
@click.option("--source", help="Where that rate is from; goes with --per-usd.")
@json_option
@at_accounts
def settle(
    accounts: AccountOffice, payment: str, not_ours: bool, as_json: bool, **options: str | None
) -> None:
    """Decide about a PAYMENT that waits.

    Example: madang account settle stripe:pi_3Q --account acc_0123456789abcdef --per-usd 149.8 --source ECB
    """
    if not_ours == bool(options["account_id"]):
        raise click.UsageError("Give either --account or --not-ours.")
    settled = accounts.settle(payment, msgspec.convert(options, SettlePayment))
    if as_json:
        print_json(msgspec.to_builtins(settled))
    elif settled.account_id:
        given = usd(settled.credited_nusd or 0)
        click.echo(f"Credited {given} dollars to {settled.account_id} for {settled.id}.")
    else:
        click.echo(f"Set {settled.id} aside.")


def _day(moment: date | None) -> date | None:
    """The day alone: click gives a date with a time."""
    return date(moment.year, moment.month, moment.day) if moment else None


def _tell(account: AccountShown, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(account))
    else:
        _print([account])


def _print(accounts: list[AccountShown]) -> None:
    print_table(
        _COLUMNS,
        [
            (
                one.id,
                one.name,
                one.plan,
                "open" if one.closed_at is None else "closed",
                usd(one.balance_nusd),
                _limits(one),
                one.time_zone,
                moment(one.created_at),
            )
            for one in accounts
        ],
        numbers=("balance",),
        empty="There is no account yet: `madang account create --name NAME` opens one.",
    )


def _limits(account: AccountShown) -> str:
    limits = [f"{amount:,} {name}" for name, amount in account.limits.items()]
    if account.cap_nusd is not None:
        limits.append("its credit")
    return ", ".join(limits) or "none"


def _tell_entry(entry: Entry, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(entry))
    else:
        click.echo(f"{entry.kind} {usd(entry.nusd)} ({entry.reference})")
