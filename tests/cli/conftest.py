"""What the tests of commands share: one running gateway, and commands run in this process."""

import json

import pytest
from cli_gateway import up
from click.testing import CliRunner

from madang.cli import main


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """A gateway in the playground, at its first start: `key` is its admin key."""
    with up(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def madang(monkeypatch, tmp_path):
    """Run a command in an environment that says nothing; give its result."""
    for name in ("MADANG_HOME", "MADANG_URL", "MADANG_KEY", "MADANG_CONFIG", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MADANG_HOME", str(tmp_path / "home"))

    def call(*args, environ=None, stdin=None):
        return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin, env=environ)

    return call


@pytest.fixture
def told(madang):
    """Run a command that has to succeed; give what its `--json` says."""

    def call(*args):
        result = madang(*args, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return call
