"""`madang cache`: what is to be known before questions that are only alike get the same answer."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from madang.cli.shown.printing import count, json_option, print_json, print_table
from madang.client import Gateway
from madang.config.measured import HitRates, Measurement
from madang.pipeline.again.false_hits import Pair, curve_of, judged, rates_at
from madang.wire.likeness import Vector, vector_of

_AT_ONCE: Final = 64
"""Texts in one request for embeddings; Gemini takes no more than 100."""

_HEADINGS: Final = ("threshold", "same found", "false hits", "rate", "at most")
_DEFAULT_MOST: Final = 0.01


@click.group("cache", short_help="Measure what the cache would take for the same.")
def command() -> None:
    """Measure what the cache would take for the same."""


@command.command("measure")
@click.argument("pairs", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--embedder", metavar="MODEL", required=True, help="The model that makes vectors.")
@click.option(
    "--threshold",
    type=click.FloatRange(0.5, 1),
    default=0.95,
    show_default=True,
    help="From which cosine on two questions count as alike.",
)
@click.option(
    "--max-false-hit-rate",
    "most",
    type=click.FloatRange(0, 1, min_open=True),
    default=_DEFAULT_MOST,
    show_default=True,
    help="The largest share of different questions that may be taken for the same.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("false-hits.json"),
    show_default=True,
    help="Where to write the measurement, for `cache.semantic.measured`.",
)
@click.option(
    "--url",
    envvar="MADANG_URL",
    show_envvar=True,
    default="http://127.0.0.1:8080",
    show_default=True,
    help="The running gateway that makes the vectors.",
)
@click.option("--key", envvar="MADANG_KEY", show_envvar=True, help="A key for it.")
@json_option
def measure(pairs: Path, url: str, key: str | None, out: Path, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - click's options
    """Measure how often questions that differ would be taken for the same.

    PAIRS has on each line {"a": …, "b": …, "same": true or false}: two questions of your callers, and whether the
    answer to one is the answer to the other. Exit status 1 when the rate may be above --max-false-hit-rate.

    Example: madang cache measure pairs.jsonl --embedder text-embedding-3-small --threshold 0.95
    """
    if not key:
        raise click.UsageError("The gateway needs a key: give --key, or set MADANG_KEY.")
    content = _read(pairs)
    known = list(_pairs(content))
    report = _report(known, Gateway(url, key), asked["embedder"], asked["threshold"], content)
    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        _print(report, out)
    if report.measured.high > asked["most"]:
        click.echo(_too_many(report, asked["most"]), err=True)
        raise SystemExit(1)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error


def _pairs(content: bytes) -> Iterator[Pair]:
    decoder = msgspec.json.Decoder(Pair)
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise click.UsageError(
                f'Line {number} is not {{"a": "…", "b": "…", "same": true}} or false.'
            ) from error


def _report(
    pairs: Sequence[Pair], gateway: Gateway, embedder: str, threshold: float, content: bytes
) -> Measurement:
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.a, pair.b)))
    vectors = dict(zip(texts, _vectors(gateway, embedder, texts), strict=True))
    known = [judged(pair, vectors[pair.a], vectors[pair.b]) for pair in pairs]
    same = sum(pair.same for pair in pairs)
    return Measurement(
        embedder=embedder,
        same=same,
        different=len(pairs) - same,
        measured=rates_at(threshold, known),
        curve=curve_of(known),
        pairs=sha256(content).hexdigest(),
        at=datetime.now(UTC).date().isoformat(),
    )


def _vectors(gateway: Gateway, embedder: str, texts: Sequence[str]) -> Iterator[Vector]:
    """A vector for each text. Raises GatewayError."""
    for begin in range(0, len(texts), _AT_ONCE):
        some = texts[begin : begin + _AT_ONCE]
        body = {"model": embedder, "input": some, "encoding_format": "float"}
        answer = gateway.call("POST", "/v1/embeddings", body).json()
        for text, one in zip(some, answer["data"], strict=True):
            vector = vector_of(one["embedding"])
            if vector is None:
                raise click.ClickException(f"The model has no vector for {text[:60]!r}.")
            yield vector


def _print(report: Measurement, out: Path) -> None:
    rows = [_cells(rates, report) for rates in report.curve]
    print_table(_HEADINGS, rows, numbers=_HEADINGS)
    click.echo(f"\n{count(report.same)} pairs ask the same, {count(report.different)} do not.")
    click.echo(f"At {report.measured.threshold}: {_told(report)}. Written to {out}.")


def _cells(rates: HitRates, report: Measurement) -> list[str]:
    return [
        f"{rates.threshold:.2f}",
        f"{rates.hits} of {report.same}",
        f"{rates.false_hits} of {report.different}",
        f"{rates.false_hit_rate:.2%}",
        f"{rates.high:.2%}",
    ]


def _told(report: Measurement) -> str:
    found = report.measured
    interval = f"{found.low:.2%} to {found.high:.2%}"
    return f"{found.false_hit_rate:.2%} of different questions would get another's answer ({interval} with 95 %)"


def _too_many(report: Measurement, most: float) -> str:
    why = f"It may be {report.measured.high:.2%}, above {most:.2%}."
    if report.measured.false_hits:
        return f"{why} Raise the threshold."
    return f"{why} No false hit was found, but there are too few pairs that ask something different to tell."
