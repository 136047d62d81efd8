"""Which project a command is about, which drama, and which gateway it asks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from madang_studio.batch.own_gateway import Access
from madang_studio.errors import StudioError
from madang_studio.store import Project

F = TypeVar("F", bound=Callable[..., Any])

project_option = click.option(
    "--project",
    "folder",
    envvar="MADANG_STUDIO",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The project's folder. Default: $MADANG_STUDIO, or this folder.",
)


def gateway_options(function: F) -> F:
    """Give a command `--url` and `--key`, as `url` and `key`."""
    key = click.option(
        "--key", envvar="MADANG_KEY", help="A key of that gateway. Default: $MADANG_KEY."
    )
    url = click.option(
        "--url",
        envvar="MADANG_URL",
        help="A running gateway. Default: $MADANG_URL, else one of its own for as long as it takes.",
    )
    return url(key(function))


def access(url: str | None, key: str | None) -> Access | None:
    """The gateway that was named; None: none was."""
    return Access(url, key) if url else None


@contextmanager
def opened(folder: Path, *, create: bool = False) -> Iterator[Project]:
    """A project, open for as long as the block lasts. Raises StudioError."""
    project = Project(folder, create=create)
    try:
        yield project
    finally:
        project.close()


def drama_named(project: Project, name: str) -> str:
    """The drama of that id, or whose id begins so. Raises StudioError."""
    known = [each.id for each in project.dramas.all()]
    if name in known:
        return name
    found = [each for each in known if each.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise StudioError(f"{name} could be {', '.join(found[:5])}: give more of it.")
    raise StudioError(f"There is no drama {name}: `madang studio list` shows those there are.")
