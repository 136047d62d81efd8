"""Serving: sockets, worker processes, signals.

One process serves by default. With more, each is a fork of this one after the socket is bound,
shares it, and is replaced when it dies. SIGTERM and SIGINT stop accepting, let open requests finish
(at most `drain_s`), and end; SIGHUP changes nothing, for a changed configuration is taken up without it.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from math import ceil
from types import FrameType
from typing import NoReturn, cast

import uvicorn
import uvloop

from madang.config.problems import ConfigError
from madang.errors import MadangError, StoreUnavailable
from madang.server.administration.table import admin_app
from madang.server.app import App
from madang.server.process.counting import make_arena
from madang.server.process.runtime import Options, Runtime
from madang.server.protocol import Bounds, protocol_for
from madang.upstream.providers import ProviderProblem
from madang.watch.exchange import clear

_log = logging.getLogger("madang.serve")
_BACKLOG = 4096
_RESTART_AFTER_S = 1.0
_LAST_WORDS_S = 2
"""How long callers have to hear that their time was up."""

_ONE_WORD_S = 1.0
"""Ctrl-C reaches a worker twice, from the terminal and from its supervisor; it was pressed once."""

_IN_VAIN = 3
"""The status of a worker that found something missing which it cannot serve without."""

_ENDING = (signal.SIGTERM, signal.SIGINT)

Started = Callable[[Runtime], Awaitable[None]]


class _Server(uvicorn.Server):
    """uvicorn's server, with signals that drain this process instead of killing it, at every moment.

    `lifeline` is a descriptor whose end of file means that whoever started this process is gone.
    """

    def __init__(self, config: uvicorn.Config, runtime: Runtime, lifeline: int | None) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._lifeline = lifeline
        self._told_at = 0.0
        self._breaking: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def heeding(self) -> Iterator[None]:
        """Drain on SIGTERM and SIGINT, from before anybody is told that it serves until all is written."""
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            loop.add_signal_handler(number, self._drain, number.name)
        loop.add_signal_handler(signal.SIGHUP, _hung_up)
        if self._lifeline is not None:
            loop.add_reader(self._lifeline, self._orphaned, self._lifeline)
        try:
            yield
        finally:
            for number in (*_ENDING, signal.SIGHUP):
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would begin too late, and end too soon."""
        yield

    def _drain(self, why: str) -> None:
        now = time.monotonic()
        if not self.should_exit:
            self._told_at = now
            drain_s = self._runtime.settings.server.drain_s
            asyncio.get_running_loop().call_later(drain_s, self._break_off)
            _log.info("%s: open requests may finish, new ones are refused", why)
        elif now - self._told_at > _ONE_WORD_S:
            self.force_exit = True  # asked twice: do not wait any longer
        self._runtime.draining = True
        self.should_exit = True

    def _break_off(self) -> None:
        """Time is up: leave the providers, so that each caller gets a proper end and each row a cause."""
        self._breaking = asyncio.create_task(self._runtime.transport.close())

    def _orphaned(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self._drain("the supervising process is gone")


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; `::` is IPv4, too. Raises OSError, for example when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family is socket.AF_INET6:  # some systems would rather keep IPv4 away
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind((host, port))
    listener.listen(_BACKLOG)
    listener.set_inheritable(True)
    return listener


def serve(options: Options, listener: socket.socket, started: Started) -> None:
    """Serve until told to stop. `started` is awaited once, when the process is ready."""
    uvloop.run(_serve(options, listener, started))


async def _serve(
    options: Options, listener: socket.socket, started: Started, lifeline: int | None = None
) -> None:
    runtime = Runtime(options)
    bounds = runtime.settings.server
    admin = admin_app(runtime)
    callers = protocol_for(
        App(runtime, admin).serve,
        Bounds(
            bounds.max_header_kb * 1024,
            bounds.header_timeout_s,
            bounds.keep_alive_s,
            bounds.body_timeout_s,
        ),
        runtime.outbox,
    )
    config = uvicorn.Config(
        admin,  # it wants an application; ours is served by the protocol
        http=cast("type[asyncio.Protocol]", callers),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=ceil(bounds.drain_s) + _LAST_WORDS_S,
    )
    server = _Server(config, runtime, lifeline)
    with server.heeding():
        await runtime.start()
        try:
            if not server.should_exit:
                await started(runtime)
                _settle_memory()
            await server.serve(sockets=[listener])
        finally:
            await runtime.stop()


def _settle_memory() -> None:
    """What exists now lives as long as the process: keep it out of every later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def _hung_up(*_: object) -> None:
    _log.info("SIGHUP: nothing to do; a changed configuration is taken up by itself")


def supervise(
    options: Options,
    listener: socket.socket,
    workers: int,
    started: Started,
    beside: Callable[[], None] | None = None,
) -> None:
    """Keep `workers` processes serving on one socket until told to stop.

    `beside` is started in this process, after the workers were forked. Raises StoreUnavailable where
    one of the first workers cannot serve, which is logged: the next would fare alike.
    """
    crew = _Crew(options, listener, workers)
    for number in _ENDING:
        signal.signal(number, crew.stop)
    signal.signal(signal.SIGHUP, _hung_up)
    for worker in range(workers):
        crew.start(worker, started if worker == 0 else _silent)
    if beside is not None:
        beside()
    crew.tend()
    if crew.in_vain:
        raise StoreUnavailable("No worker can serve: the log says why.")


class _Crew:
    """The worker processes: started, replaced when they die, and told to stop.

    Each holds one end of a pipe whose other end only this process has, and so drains when this
    process is gone, however it went. `in_vain`: what they are to serve with is not there, so they
    were stopped.
    """

    def __init__(self, options: Options, listener: socket.socket, workers: int) -> None:
        clear(options.home)
        self._options = replace(options, arena=make_arena(options.home, workers))
        self._listener = listener
        self._lifeline, self._own_end = os.pipe()
        self._workers: dict[int, tuple[int, float]] = {}
        self._is_first = True
        self._stopping = False
        self.in_vain = False

    def start(self, worker: int, started: Started) -> None:
        """Fork a worker, which announces itself by `started`.

        A signal waits until both know who they are: the worker, that it heeds it itself; its
        supervisor, whom to pass it on to.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            if self._stopping:
                return
            pid = os.fork()
            if pid == 0:
                self._serve(worker, started)
            self._workers[pid] = (worker, time.monotonic())
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)

    def stop(self, _: int = 0, __: FrameType | None = None) -> None:
        """Tell every worker to drain. A handler of signals."""
        self._stopping = True
        for pid in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def tend(self) -> None:
        """Replace workers that end unasked, at most one a second; return when all have stopped."""
        while self._workers:
            pid, status = os.wait()
            worker, since = self._workers.pop(pid)
            if self._is_first and os.waitstatus_to_exitcode(status) == _IN_VAIN:
                self.in_vain = True
                self.stop()
            if self._stopping:
                continue
            self._is_first = False
            _log.error("worker %d ended with status %d; starting another", worker, status)
            time.sleep(max(0.0, since + _RESTART_AFTER_S - time.monotonic()))
            self.start(worker, _silent)

    def _serve(self, worker: int, started: Started) -> NoReturn:
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        os.close(self._own_end)
        status = 1
        try:
            options = replace(self._options, worker=worker)
            uvloop.run(_serve(options, self._listener, started, self._lifeline))
            status = 0
        except (ConfigError, ProviderProblem, MadangError) as problem:
            _log.error("worker %d cannot serve: %s", worker, problem)
            status = _IN_VAIN
        except Exception:  # noqa: BLE001 - logged; the status tells the parent
            _log.exception("worker %d could not serve", worker)
        finally:
            logging.shutdown()
            os._exit(status)  # never return into the parent's stack


async def _silent(_: Runtime) -> None:
    """Only the first worker announces itself, and only at its first start."""
