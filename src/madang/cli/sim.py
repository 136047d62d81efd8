"""`madang sim`: the provider simulator alone."""

import asyncio
import signal

import click

from madang.drills.simulator import FAULTS, Behaviour, Running, serve


@click.command("sim", epilog=f"Faults: {', '.join(FAULTS)}, status:NNN.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=9000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one and says which.",
)
@click.option(
    "--latency-ms",
    default=0.0,
    type=click.FloatRange(0),
    help="Milliseconds before the first byte of an answer.",
)
@click.option(
    "--tokens-per-s",
    default=0.0,
    type=click.FloatRange(0),
    help="How fast answers are streamed. Default: as fast as possible.",
)
@click.option(
    "--error-rate", default=0.0, type=click.FloatRange(0, 1), help="Share of requests that fail."
)
@click.option(
    "--error-status",
    default=500,
    show_default=True,
    type=click.IntRange(400, 599),
    help="The status that those get.",
)
@click.option("--fault", metavar="NAME", help="What goes wrong with every request; see below.")
def command(
    host: str,
    port: int,
    latency_ms: float,
    tokens_per_s: float,
    error_rate: float,
    error_status: int,
    fault: str | None,
) -> None:
    """Run the provider simulator alone, until Ctrl-C.

    It speaks OpenAI Chat Completions and Responses, Anthropic Messages and Gemini over real sockets, takes any key and
    knows any model. It makes clips, speech, pictures and transcripts as eight makers of them do. Its behaviour can be
    changed while it runs: PUT /__sim takes such settings as JSON, also per model; PUT /__sim/media those of media.

    Example: madang sim --latency-ms 300 --tokens-per-s 80 --error-rate 0.05
    """
    try:
        behaviour = Behaviour(
            latency_s=latency_ms / 1000,
            tokens_per_s=tokens_per_s,
            error_rate=error_rate,
            error_status=error_status,
            fault=fault,
        )
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
    try:
        asyncio.run(_serve(host, port, behaviour))
    except OSError as problem:
        raise click.ClickException(
            f"cannot listen on {host}:{port}: {problem.strerror}; choose another --port."
        ) from problem


async def _serve(host: str, port: int, behaviour: Behaviour) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    running = await serve(host, port, behaviour)
    try:
        _introduce(running)
        await stopped.wait()
    finally:
        await running.close()


def _introduce(running: Running) -> None:
    """Print where each SDK finds it."""
    host = f"[{running.host}]" if ":" in running.host else running.host
    url = f"http://{host}:{running.port}"
    lines = (
        f"The simulator serves on {url}; any key works. Ctrl-C ends it.",
        f'  OpenAI      OpenAI(api_key="any", base_url="{url}/v1")',
        f'  Anthropic   Anthropic(api_key="any", base_url="{url}")',
        f'  Gemini      genai.Client(api_key="any", http_options={{"base_url": "{url}"}})',
        f"  Madang      providers: {{sim: {{kind: openai, base_url: {url}/v1, serves: all}}}}",
        f"  media       Runway, Kling, Veo, Seedance and ElevenLabs at {url}, fal at {url}/fal",
        f"  behaviour   curl -X PUT {url}/__sim -d '{{\"latency_s\": 0.3}}'",
    )
    click.echo("\n".join(lines))
