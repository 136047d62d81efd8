"""`madang up`: serve the gateway."""

import errno
import ipaddress
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from madang import __version__
from madang.cli.options.configuration import Configuration, config_option, faults_told, read
from madang.cli.options.home import home_option
from madang.cli.options.master_key import master_environ, secret_key_file_option
from madang.config.sections.providers import Provider
from madang.keys import Keyring, make_raw
from madang.routing.board import Board
from madang.server.process import logs
from madang.server.process.assembly import assemble
from madang.server.process.descriptors import allow_many
from madang.server.process.runtime import Options, Runtime
from madang.server.process.tenancy import tenant
from madang.server.serve import bind, serve, supervise
from madang.state.store import Store

if TYPE_CHECKING:
    from madang.drills.playground import Playground

_OF_HOST = "Give --host an address of this machine; 0.0.0.0 or :: is all of them."
_ADVICE = {
    errno.EADDRINUSE: "Another program (perhaps another Madang) does: choose a --port of your own.",
    errno.EACCES: "Choose a --port from 1024 on, and let a proxy serve the lower ones.",
}
_UNKNOWN_KEY = '"authorization: Bearer $MADANG_KEY"'


@click.command("up")
@config_option
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one and says which.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Serving processes; they count limits and budgets together.",
)
@click.option(
    "--stand-ins",
    "beside",
    is_flag=True,
    help="Serve the playground's clips, speech and pictures, too, for those who name them.",
)
@secret_key_file_option
def command(
    config: Path | None,
    home: Path,
    host: str,
    port: int,
    workers: int,
    beside: bool,
    secret_key_file: Path | None,
) -> None:
    """Serve the gateway until told to stop.

    A provider's key in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, …) enables that provider. Without any, the
    built-in playground answers: simulated models that speak every real wire format.

    The first start makes the admin key and shows it, once, unless $MADANG_ADMIN_KEY is set. SIGTERM and Ctrl-C let open
    requests finish.

    Example: madang up --config madang.yaml --port 9000
    """
    environ = master_environ(secret_key_file)
    with faults_told():
        found = read(config, home, environ)
        playground = _playground() if beside or not found.providers else None
        stand_ins = {playground.name: playground.provider()} if playground else {}
        makers = {playground.name: playground.makers()} if playground and found.providers else {}
        _check(found, {**makers, **found.providers} or stand_ins)
        logs.configure(found.settings.log)
        allow_many()
        listener = _listener(host, port)
        alone = playground is not None and not found.providers
        lent = make_raw() if alone and _is_loopback(host) else None
        options = Options(
            home=home,
            config=found.path,
            environ=environ,
            stand_ins=stand_ins,
            beside=makers,
            lent_key=lent,
        )
        welcome = Welcome(listener, _admin_key(home), lent, playground=alone)
        with listener, tenant(home):
            _serve(options, listener, workers, welcome, playground)


def _serve(
    options: Options,
    listener: socket.socket,
    workers: int,
    welcome: "Welcome",
    playground: "Playground | None",
) -> None:
    if workers > 1:
        started = playground.start if playground else None
        supervise(options, listener, workers, welcome.show, started)
        return
    if playground:
        playground.start()
    serve(options, listener, welcome.show)


def _check(found: Configuration, providers: Mapping[str, Provider]) -> None:
    """Find out now, in one process, what would end every worker as soon as it starts."""
    models = found.settings.models
    snapshot = assemble(models, providers, found.catalog, Board())
    for name in models:
        snapshot.directory.lookup(name)


def _listener(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as problem:
        advice = _ADVICE.get(problem.errno or 0, _OF_HOST)
        raise click.ClickException(
            f"cannot listen on {host}:{port}: {problem.strerror}. {advice}"
        ) from problem


def _playground() -> "Playground":
    """The playground, imported only now: a gateway with providers need not carry the simulator."""
    from madang.drills.playground import Playground  # noqa: PLC0415

    return Playground()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _admin_key(home: Path) -> str | None:
    """The admin key, if this is the start that makes it; shown at once, so that it cannot be lost.

    Made here and not by a worker, because the store must not be open in a process that forks.
    """
    store = Store(home)
    try:
        raw = Keyring(store).ensure_admin(os.environ.get("MADANG_ADMIN_KEY"), now_s=time.time())
    finally:
        store.close()
    if raw:
        click.echo(f"admin key (shown once, keep it): {raw}")
    return raw


class Welcome:
    """What a person should see once it serves.

    `admin` is the admin key if it is new, `lent` a key that works until this process ends.
    """

    def __init__(
        self, listener: socket.socket, admin: str | None, lent: str | None, *, playground: bool
    ) -> None:
        self._listener = listener
        self._admin = admin
        self._lent = lent
        self._playground = playground

    async def show(self, runtime: Runtime) -> None:
        """Print the address, the providers, a key and a line to try."""
        click.echo("\n".join([*self._facts(runtime), "", *self._example(runtime)]))

    def _facts(self, runtime: Runtime) -> Sequence[str]:
        providers = list(runtime.pipeline.snapshot.providers)
        lines = [
            f"Madang {__version__} serves on {self._address()}",
            f"console: {self._address()}/",
            f"providers: {', '.join(providers) or 'none'}",
        ]
        if self._playground:
            lines.append(
                "No provider key was found: the playground answers (simulated models, nothing is charged)."
            )
        if self._lent and not self._admin:
            lines.append(f"key (for this run only): {self._lent}")
        elif not self._admin:
            lines.append(f"a key: madang key create --home {runtime.options.home} --name me")
        return lines

    def _example(self, runtime: Runtime) -> Sequence[str]:
        key = self._admin or self._lent
        authorization = f"'authorization: Bearer {key}'" if key else _UNKNOWN_KEY
        model = _model(runtime)
        return [
            "Try it:",
            f"  curl {self._address()}/v1/chat/completions \\",
            f"    -H {authorization} -H 'content-type: application/json' \\",
            f"""    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello!"}}]}}'""",
        ]

    def _address(self) -> str:
        """The address as this machine can open it, also where every address is listened on."""
        host, port = self._listener.getsockname()[:2]
        if ipaddress.ip_address(host).is_unspecified:
            host = "::1" if ":" in host else "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _model(runtime: Runtime) -> str:
    """A model that can be asked for: a configured one, else a well-known one, else any."""
    names = runtime.pipeline.snapshot.directory.names()
    configured = list(runtime.settings.models)
    familiar = [
        name for name in ("gpt-4.1", "claude-sonnet-4", "gemini-2.5-flash") if name in names
    ]
    return next(iter([*configured, *familiar, *names]), "PROVIDER/MODEL")
