"""Rows in the order of time, however many: sorted in runs that lie on the disk, then merged."""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from msgspec import json

from madang.whatif.past import Past

RUN: Final = 100_000
_encode = json.Encoder().encode
_decode = json.Decoder(Past).decode


def in_order(rows: Iterable[Past], folder: Path, run: int = RUN) -> Iterator[Past]:
    """The rows by time, then request. Runs of more than `run` rows lie in `folder`, which the caller removes."""
    waiting = iter(rows)
    first = sorted(itertools.islice(waiting, run), key=_key)
    if len(first) < run:
        yield from first
        return
    files = [_written(first, folder / "0.jsonl")]
    first = []
    while part := sorted(itertools.islice(waiting, run), key=_key):
        files.append(_written(part, folder / f"{len(files)}.jsonl"))
    with ExitStack() as stack:
        runs = [_read(stack.enter_context(file.open("rb"))) for file in files]
        yield from heapq.merge(*runs, key=_key)


def lines_of(rows: Iterable[Past]) -> Iterator[bytes]:
    """Rows as lines of JSON."""
    return (_encode(row) + b"\n" for row in rows)


def _written(rows: Iterable[Past], file: Path) -> Path:
    with file.open("wb") as out:
        out.writelines(lines_of(rows))
    return file


def _read(file: IO[bytes]) -> Iterator[Past]:
    return map(_decode, file)


def _key(row: Past) -> tuple[int, str, int]:
    return (row.at_us, row.request_id, row.n)
