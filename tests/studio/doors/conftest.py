"""One film from the real playground, for all tests of the doors; each works on a copy of it or only looks."""

import json
import shutil

import pytest
from click.testing import CliRunner
from studio_doors_stand import Film, serving, studio

from madang.cli import main


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """A film of a few seconds, made by one command on a bare machine."""
    project = tmp_path_factory.mktemp("studio")
    theme = ("--theme", "Two strangers share an umbrella", "--minutes", "0.1")
    done = studio("make", *theme, "--json", cwd=project)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    return Film(project, made["drama"], done.stderr, made)


@pytest.fixture(scope="session")
def served(film, tmp_path_factory):
    """The API on a copy of that project: a project can be carried elsewhere as it is."""
    copy = tmp_path_factory.mktemp("served") / "project"
    shutil.copytree(film.project, copy)
    with serving(copy) as running:
        yield running


@pytest.fixture
def told(film):
    """Run a command on the film's project in this process; its exit status and what it said."""

    def call(*args, project=None):
        place = ["--project", str(project or film.project)]
        return CliRunner().invoke(main, ["studio", *map(str, args), *place])

    return call


@pytest.fixture
def copy(film, tmp_path):
    """The film's project, to be changed."""
    shutil.copytree(film.project, tmp_path / "copy")
    return tmp_path / "copy"
