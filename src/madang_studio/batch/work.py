"""Working on dramas until none of them is going: with a runner of our own, or beside another process's."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from msgspec import Struct

from madang_studio.batch.own_gateway import Access, own_gateway, running_gateway
from madang_studio.errors import Interrupted, StudioError
from madang_studio.gateway import Door
from madang_studio.model.work import Kind
from madang_studio.programs import ffmpeg
from madang_studio.programs.fitness import check_ffmpeg
from madang_studio.runner import Conductor, Preflight, Runner, benches_at, engine
from madang_studio.runner.lock import Lock
from madang_studio.store import Project
from madang_studio.store.events import Event

_HOME: Final = "gateway"
_LOOK_S: Final = 0.2
_MOST_NEWS: Final = 1_000

Watch = Callable[[Sequence[Event]], None]
"""Hears what has happened to the dramas since the last time; often nothing."""


class AtWork(Struct, frozen=True):
    """A runner that works on a project, the gateway that it asks, and what looks beforehand."""

    access: Access
    runner: Runner
    preflight: Preflight


def work_on(
    project: Project,
    dramas: Sequence[str],
    given: Access | None,
    watch: Watch,
    *,
    caps: Mapping[Kind, int] | None = None,
) -> Access | None:
    """Make these dramas until none is going any more; the gateway that was asked, if it is known.

    `given`: the gateway to ask; None: the project's own is started. Where another process works on the
    project, it makes them and we watch; should it end, we take over. Raises StudioError; Interrupted on
    Ctrl-C.
    """
    news, lock = _News(project, frozenset(dramas)), Lock(project.root)
    asked = given
    try:
        while _going(project, dramas):
            with runner_for(project, given, caps=caps) as ours:
                asked = ours.access if ours else asked or running_gateway(project.root / _HOME)
                while _going(project, dramas) and (ours or not lock.free()):
                    watch(news.next())
                    if ours:
                        ours.runner.wait(dramas, _LOOK_S)
                    else:
                        time.sleep(_LOOK_S)
        watch(news.next())
    except KeyboardInterrupt:
        raise Interrupted(
            "Stopped. Nothing that was made or paid is lost: the same command goes on."
        ) from None
    return asked


@contextmanager
def runner_for(
    project: Project, given: Access | None, *, caps: Mapping[Kind, int] | None = None
) -> Iterator[AtWork | None]:
    """A runner at work on a project while the block lasts; None if another process has one already.

    The lock is taken before a gateway is, and kept until that has ended: whoever came between would work with
    a gateway that another process ends.

    Raises MissingTool before anything is asked for: what is paid without ffmpeg cannot become a film.
    """
    lock = Lock(project.root)
    try:
        lock.take()
    except StudioError:
        yield None
        return
    with ExitStack() as stack:
        stack.callback(lock.release)
        ffmpeg.executable()
        home = project.root / _HOME
        access = given or stack.enter_context(own_gateway(home, meanwhile=_get_ready))
        _get_ready()  # nothing is left of it to do where a gateway had to be started
        benches = benches_at(access.url, access.key)
        preflight = preflight_at(project, access)
        conductor = Conductor(
            project,
            benches,
            caps=caps or {},
            prices=access.prices(),
            preflight=preflight,
            locked=True,
        )
        conductor.start()
        stack.callback(conductor.stop)
        yield AtWork(access, conductor, preflight)


def _get_ready() -> None:
    """What can be done while a gateway starts. Raises MissingTool."""
    check_ffmpeg()
    engine.read()


@contextmanager
def gateway_for(project: Project, given: Access | None) -> Iterator[Access | None]:
    """A gateway to ask what it can do while the block lasts, without working on anything.

    `given`; None: the one that another process works with on the project (None if it cannot be asked),
    else the project's own. Raises StudioError.
    """
    lock = Lock(project.root)
    if given is not None:
        yield given
        return
    try:
        lock.take()
    except StudioError:
        yield running_gateway(project.root / _HOME)
        return
    try:
        with own_gateway(project.root / _HOME) as access:
            yield access
    finally:
        lock.release()


def preflight_at(project: Project, access: Access | None) -> Preflight:
    """What looks whether a drama can be made with this gateway, on this machine."""
    door = Door(access.url, access.key) if access is not None else None
    return Preflight(project.root, door)


class _News:
    """Events of some dramas, each told once."""

    def __init__(self, project: Project, dramas: frozenset[str]) -> None:
        self._events, self._dramas = project.events, dramas
        self._last = project.events.last()

    def next(self) -> list[Event]:
        """What has happened since the last time."""
        told: list[Event] = []
        while page := self._events.since(self._last, most=_MOST_NEWS):
            self._last = page[-1].id
            told += (each for each in page if each.drama in self._dramas)
        return told


def _going(project: Project, dramas: Sequence[str]) -> bool:
    return any(project.dramas.get(drama).state == "going" for drama in dramas)
