"""`madang studio serve`: the studio over HTTP, and a runner that works on what is wanted."""

from pathlib import Path

import click

from madang_studio.api.keys import VARIABLE, admin_key
from madang_studio.api.serving import serve
from madang_studio.batch.own_gateway import Access
from madang_studio.cli.place import access, gateway_options, opened, project_option


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8090,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one and says which.",
)
@click.option(
    "--admin-key",
    "admin_key_",
    envvar=VARIABLE,
    help="The key that opens it. Default: $MADANG_STUDIO_KEY, else made at the first start.",
)
@gateway_options
@project_option
def command(
    host: str, port: int, admin_key_: str | None, folder: Path, **gateway: str | None
) -> None:
    """Serve the studio under /studio/api until told to stop, and make what is wanted.

    The first start makes a key and shows it, once, unless $MADANG_STUDIO_KEY is set.

    Example: madang studio serve --port 8090
    """
    with opened(folder, create=True) as project:
        key = admin_key(project.root, admin_key_)
        if key.new:
            click.echo(f"studio key (shown once, keep it): {key.new}")
        serve(project, key, (host, port), access(**gateway), _welcome)


def _welcome(address: str, gateway: Access | None) -> None:
    click.echo(f"The studio serves on {address}/studio/api")
    if gateway is None:
        click.echo("Another process works on this project: it makes what is asked for here.")
    elif gateway.playground:
        click.echo("No provider key was found: the playground's stand-ins play.")
