"""The pages on commands tell the truth: every command and option, no other, and examples that parse."""

import re
import shlex

import click
import pytest
from style_source import ROOT

from madang.cli import main

PAGE = "\n".join(
    (ROOT / "docs" / name).read_text() for name in ("commands.md", "studio-commands.md")
)
SECTIONS = dict(
    re.findall(r"^## (madang [a-z ]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
)


def leaves(command=main, path=("madang",)):
    """Every command that does something, by its full name."""
    if not isinstance(command, click.Group):
        return {" ".join(path): command}
    context = click.Context(command)
    found = {}
    for name in command.list_commands(context):
        found |= leaves(command.get_command(context, name), (*path, name))
    return found


COMMANDS = leaves()


def test_every_command_has_its_section_and_every_section_its_command():
    assert list(SECTIONS) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_every_option_and_no_other(name):
    table = "\n".join(line for line in SECTIONS[name].splitlines() if line.startswith("| `-"))
    told = set(re.findall(r"(?<=`)--[a-z-]+", table))
    options = {opt for param in COMMANDS[name].params for opt in param.opts if opt.startswith("--")}
    assert told == options


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_command_has_help_and_an_example_that_parses(name):
    command = COMMANDS[name]
    unexplained = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert not unexplained
    example = re.search(r"Example: (madang .+)\Z", " ".join((command.help or "").split()))
    parse(example[1])


@pytest.mark.parametrize("example", re.findall(r"^madang .+$", PAGE, re.MULTILINE))
def test_the_examples_on_the_page_parse(example):
    parse(example)


def parse(line):
    """Read a command line as click does, without running it. Raises click.UsageError."""
    command, args = main, shlex.split(line)[1:]
    context = command.make_context("madang", args)
    while isinstance(command, click.Group):
        name, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(name, rest, parent=context)
