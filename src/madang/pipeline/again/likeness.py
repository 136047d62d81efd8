"""Answers to questions that are alike: an optional part of the cache, switched on by a measurement alone.

Rule: it never costs an answer. Where the question cannot be embedded, or takes too long to, it is as if
nobody had asked anything like it. What it finds is an answer that the exact cache holds, under
the same conditions; only the user's last words may differ.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from heapq import nsmallest
from time import monotonic
from typing import Final, NamedTuple

from madang.config.sections.caching import Semantic
from madang.errors import MadangError
from madang.pipeline.call import Call, Parts, Whole
from madang.pipeline.run import Pipeline
from madang.wire.json import encode
from madang.wire.likeness import Vector, distance, figures_of, question_of, similarity, vector_of
from madang.wire.registry import WIRES

_log = logging.getLogger("madang.cache")

LONGEST_WAIT_S: Final = 5.0
"""For an embedding; then the question is asked without it."""

CLOSEST: Final = 16
"""So many of the entries whose signs are nearest are compared exactly."""


class Spot(NamedTuple):
    """Where a question lies: among those with all else equal, by its vector; `figures` are its numbers."""

    among: bytes
    vector: Vector
    figures: tuple[str, ...]


class Likely(NamedTuple):
    """An answer that may be given: the digest it is kept under, and how alike the questions are."""

    digest: bytes
    similarity: float


class Neighbours:
    """Spots of questions that were answered, at most so many. What was not found for longest goes first."""

    def __init__(self, threshold: float, most: int) -> None:
        self._threshold = threshold
        self._most = most
        self._groups: dict[bytes, dict[bytes, Spot]] = {}
        self._ages: OrderedDict[bytes, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ages)

    def near(self, spot: Spot) -> Iterator[Likely]:
        """Those that are alike enough, the most alike first."""
        group = self._groups.get(spot.among, {})
        same = [one for one in group.items() if one[1].figures == spot.figures]
        closest = nsmallest(CLOSEST, same, key=lambda one: distance(one[1].vector, spot.vector))
        found = [Likely(digest, similarity(one.vector, spot.vector)) for digest, one in closest]
        found = [likely for likely in found if likely.similarity >= self._threshold]
        return iter(sorted(found, key=lambda likely: likely.similarity, reverse=True))

    def put(self, spot: Spot, digest: bytes) -> None:
        """Remember where the question lies whose answer is kept under `digest`."""
        self.drop(digest)
        self._groups.setdefault(spot.among, {})[digest] = spot
        self._ages[digest] = spot.among
        while len(self._ages) > self._most:
            self.drop(next(iter(self._ages)))

    def found(self, digest: bytes) -> None:
        """It was of use."""
        if digest in self._ages:
            self._ages.move_to_end(digest)

    def drop(self, digest: bytes) -> None:
        """Its answer is gone."""
        among = self._ages.pop(digest, None)
        if among is not None:
            group = self._groups[among]
            del group[digest]
            if not group:
                del self._groups[among]


class Likeness:
    """Finds where questions lie, by the model for embeddings that the settings name, and what is near."""

    def __init__(self, settings: Semantic, pipeline: Pipeline) -> None:
        self.neighbours = Neighbours(settings.threshold, settings.max_entries)
        self._settings = settings
        self._pipeline = pipeline

    async def spot_of(self, call: Call, meaning: bytes, head: bytes) -> Spot | None:
        """Where a call's question lies; `head` is what all who may share its answer have in common."""
        question = question_of(meaning, call.wire.dialect)
        if question is None:
            return None
        part = self._part(call, question.text)
        began = monotonic()
        try:
            reply = await self._pipeline.answer(part)
            body = reply.body if isinstance(reply, Whole) else b""
            vector = vector_of(part.wire.read_answer(body).vectors[0])
        except (MadangError, LookupError) as problem:
            _log.warning("request %s: its question cannot be embedded: %s", call.id, problem)
            return None
        finally:
            call.upstream_s += monotonic() - began
            call.first_n = len(part.rows)
        if vector is None:
            return None
        made_by = f"{part.rows[-1].provider}/{part.rows[-1].model}/{len(vector.numbers)}"
        among = sha256(b"%d\0%b\0%b\0%b" % (len(head), head, made_by.encode(), question.rest))
        return Spot(among.digest(), vector, figures_of(question.text))

    def _part(self, call: Call, text: str) -> Call:
        """The call that embeds a question: its row stands before those of the call, and its key pays."""
        now = monotonic()
        part = Call(
            id=call.id, wire=WIRES["embeddings"], key=call.key, at_us=call.at_us, started=now
        )
        part.parts = call.parts = Parts(call)
        part.body = encode({"model": self._settings.embedder, "input": text})
        part.envelope = part.wire.read_envelope(part.body, None, False)  # noqa: FBT003 - the contract's shape
        part.seam = "to find questions that are alike"
        part.priority, part.tags = call.priority, call.tags
        left = LONGEST_WAIT_S
        if call.deadline_s is not None:
            left = max(0.001, min(left, call.deadline_s - (now - call.started)))
        part.deadline_s = left
        return part
