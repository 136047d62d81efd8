"""The cache: the answer to a question that was asked before, for whoever may share it.

Rule: what is kept is whole, ended by itself, and was not made under the constraint of anybody's
budget. A hit is admitted like any request, but for the money.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from madang.config.sections.caching import Cache as Settings
from madang.errors import CacheMiss, CallerError, MadangError
from madang.pipeline.again import replay
from madang.pipeline.again.coalescing import Broadcast, Listener
from madang.pipeline.again.likeness import Likeness, Spot
from madang.pipeline.again.replay import Told
from madang.pipeline.again.wish import Wish
from madang.pipeline.call import Call, Reply
from madang.pipeline.run import Pipeline
from madang.state.answers import CachedAnswers
from madang.wire import sameness
from madang.wire.sameness import Meaning

_log = logging.getLogger("madang.cache")
_MIB: Final = 1 << 20
_SIMILARITY: Final = b"x-madang-similarity: %.4f\r\n"
_OVERHEAD_BYTES: Final = 1024
"""What an entry takes beside its bytes, near enough."""

_LARGEST_PART: Final = 8
"""No entry may take more than this part of the memory."""

_MOST_BYTES: Final = 16 * _MIB
_ENDINGS: Final = frozenset(("stop", "length", "tool_calls", None))
_CONSTRAINED: Final = frozenset(("max_tokens", "cheapest_first"))
"""Losses of an answer that somebody else, or tomorrow, might have got better."""

_MOST_FAILURES: Final = 3
"""So often a follower hears that asking has failed before it takes that for its own answer."""


class Shelf:
    """Answers in memory. What was not wanted for longest goes first where there are too many."""

    def __init__(self, most_bytes: int, most_entries: int) -> None:
        self.bytes = 0
        self._most_bytes = most_bytes
        self._most_entries = most_entries
        self._told: OrderedDict[bytes, tuple[float, Told]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._told)

    def find(self, digest: bytes, now_s: float) -> Told | None:
        """The answer; None where there is none, or none any more."""
        found = self._told.get(digest)
        if found is None:
            return None
        if found[0] <= now_s:
            self._drop(digest)
            return None
        self._told.move_to_end(digest)
        return found[1]

    def put(self, digest: bytes, told: Told, expires_s: float) -> None:
        """Keep an answer, unless it would take a large part of the room."""
        size = told.size + _OVERHEAD_BYTES
        if size * _LARGEST_PART > self._most_bytes:
            return
        if digest in self._told:
            self._drop(digest)
        self._told[digest] = (expires_s, told)
        self.bytes += size
        while self.bytes > self._most_bytes or len(self._told) > self._most_entries:
            self._drop(next(iter(self._told)))

    def _drop(self, digest: bytes) -> None:
        _, told = self._told.pop(digest)
        self.bytes -= told.size + _OVERHEAD_BYTES


class Cache:
    """The cache of one process. `stored` is the table behind its memory."""

    def __init__(self, settings: Settings, pipeline: Pipeline, stored: CachedAnswers) -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._stored = stored if settings.keep == "store" else None
        self._likeness = Likeness(settings.semantic, pipeline) if settings.semantic else None
        self._shelf = Shelf(settings.max_mb * _MIB, settings.max_entries)
        self._running: dict[bytes, Broadcast] = {}
        self._storing: set[asyncio.Task[None]] = set()

    async def answer(self, call: Call, wish: Wish) -> Reply:
        """Answer a call from the cache, or as somebody else's is being answered, or by asking.

        Raises what `Pipeline.answer` raises, and CacheMiss.
        """
        meaning = sameness.meaning_of(call.body, call.wire.dialect)
        asked_for = self._settings.when == "always" or wish.cache is not None
        if wish.cache == "off" or meaning is None or not (meaning.is_settled or asked_for):
            if wish.cache == "only":
                raise miss("This request cannot be answered from the cache.")
            return await self._pipeline.answer(call)
        digest = self._digest(call, meaning)
        told = None if wish.cache == "refresh" else await self._find(digest)
        if told is not None:
            self._pipeline.admit_free(call)
            return replay.give(told, call, "hit", self._pipeline.finish)
        spot = await self._spot(call, meaning)
        if wish.cache != "refresh" and (alike := await self._alike(call, spot)) is not None:
            return alike
        if wish.cache == "only":
            raise miss("The cache has no answer to this request.")
        if self._scope(call) != call.key.id:
            call.body = sameness.unambiguous(call.body)
            read = call.wire.read_envelope(call.body, call.path_model, call.path_stream)
            call.envelope = replace(read, model=call.envelope.model)  # a header may have named it
        if wish.cache == "refresh" or not self._is_shareable(call):
            return await self._lead(call, digest, spot)
        return await self._together(call, digest, spot)

    async def stop(self) -> None:
        """Wait for what is being stored."""
        await asyncio.gather(*self._storing)

    # --- what is the same --------------------------------------------------------------------------

    def _digest(self, call: Call, meaning: Meaning) -> bytes:
        """What an answer is found by: who may have it, where the model leads, how it is sent, and what is asked.

        Raises UnknownModel.
        """
        head = self._head(call)
        return sha256(b"%d\0%b\0%b" % (len(head), head, meaning.text)).digest()

    def _head(self, call: Call) -> bytes:
        """All of that but what is asked. Raises UnknownModel."""
        envelope = call.envelope
        route = self._pipeline.snapshot.directory.resolve(envelope.model, call.wire.dialect)
        targets = [f"{one.provider}/{one.model}" for one in route.every_target()]
        sent = (envelope.stream, envelope.include_usage, call.array, call.may_lose)
        parts = (
            self._scope(call),
            call.wire.dialect,
            "\n".join(targets),
            f"{sent}",
            call.forward.decode("latin-1"),
        )
        return "\0".join(parts).encode()

    def _scope(self, call: Call) -> str:
        """Who has answers in common with this caller. What is held for a key is not shared beyond it."""
        key, share = call.key, self._settings.share
        if share == "key" or call.conversation is not None:
            return key.id
        if share == "all":
            return "all"
        return f"account {key.account_id}" if key.account_id is not None else key.id

    async def _find(self, digest: bytes) -> Told | None:
        now_s = time.time()
        told = self._shelf.find(digest, now_s)
        if told is not None or self._stored is None:
            return told
        try:
            record = await asyncio.to_thread(self._stored.find, digest, now_s)
        except MadangError as problem:
            _log.error("the cache in the store cannot be read: %s", problem.message)
            return None
        told = replay.unpacked(record) if record is not None else None
        if told is not None:
            self._shelf.put(digest, told, told.at_s + self._settings.ttl_s)
        return told

    # --- what is alike -----------------------------------------------------------------------------

    async def _spot(self, call: Call, meaning: Meaning) -> Spot | None:
        """Where the question lies among others; None: that does not matter, or cannot be told."""
        if self._likeness is None:
            return None
        return await self._likeness.spot_of(call, meaning.text, self._head(call))

    async def _alike(self, call: Call, spot: Spot | None) -> Reply | None:
        """The answer to a question that is alike enough, if there is one."""
        if self._likeness is None or spot is None:
            return None
        neighbours = self._likeness.neighbours
        for likely in neighbours.near(spot):
            told = await self._find(likely.digest)
            if told is None:
                neighbours.drop(likely.digest)
                continue
            neighbours.found(likely.digest)
            self._pipeline.admit_free(call)
            reply = replay.give(told, call, "hit", self._pipeline.finish)
            return reply._replace(head=reply.head + _SIMILARITY % likely.similarity)
        return None

    # --- asking ------------------------------------------------------------------------------------

    def _is_shareable(self, call: Call) -> bool:
        """Whether others may wait for this call's answer: not where it bends the way the answer comes."""
        return self._settings.coalesce and call.deadline_s is None and not call.may_go_on

    async def _together(self, call: Call, digest: bytes, spot: Spot | None) -> Reply:
        """Ask, or follow whoever asks the same already; one at a time takes the place of one that fails.

        A follower takes a failure for its own where asking again would be in vain, or was.
        """
        finish, heard = self._pipeline.finish, 0
        while (running := self._running.get(digest)) is not None and running.is_joinable:
            if not heard:
                self._pipeline.admit_free(call)
            try:
                return await Listener(running, call, "shared", finish).reply()
            except CallerError:
                continue  # the limits of that caller, which are not this one's
            except MadangError as error:
                heard += 1
                if not error.retryable or heard == _MOST_FAILURES:
                    replay.enter(call, replay.origin_of(running.call), "shared", "failed")
                    finish(call)
                    raise
        return await self._lead(call, digest, spot)

    async def _lead(self, call: Call, digest: bytes, spot: Spot | None) -> Reply:
        call.cached = "miss"

        async def keep(told: Told) -> None:
            if self._keep(digest, call, told) and self._likeness is not None and spot is not None:
                self._likeness.neighbours.put(spot, digest)

        running = Broadcast(call, self._pipeline.answer, keep, most_bytes=_MOST_BYTES)
        if self._is_shareable(call):
            self._running[digest] = running
            running.task.add_done_callback(lambda _: self._forget(digest, running))
        return await Listener(running, call, None, self._pipeline.finish).reply()

    def _forget(self, digest: bytes, running: Broadcast) -> None:
        if self._running.get(digest) is running:
            del self._running[digest]

    def _keep(self, digest: bytes, call: Call, told: Told) -> bool:
        """Keep a good answer; return whether it is one."""
        if not _is_good(call, told):
            return False
        expires_s = told.at_s + self._settings.ttl_s
        self._shelf.put(digest, told, expires_s)
        if self._stored is not None:
            task = asyncio.create_task(self._store(self._stored, digest, told, expires_s))
            self._storing.add(task)
            task.add_done_callback(self._storing.discard)
        return True

    async def _store(
        self, stored: CachedAnswers, digest: bytes, told: Told, expires_s: float
    ) -> None:
        try:
            record = replay.packed(told)
            await asyncio.to_thread(stored.keep, digest, record, told.at_s, expires_s)
        except MadangError as problem:
            _log.error("an answer cannot be kept in the store: %s", problem.message)


def miss(message: str) -> CacheMiss:
    """The refusal of a caller who wants an answer from the cache or none."""
    return CacheMiss(
        f"{message} Leave x-madang-cache: only out to have it asked.", code="cache_miss"
    )


def _is_good(call: Call, told: Told) -> bool:
    """Whether the next who asks will be content with it."""
    origin = told.origin
    return (
        told.status == 200
        and origin.outcome == "ok"
        and origin.stop in _ENDINGS
        and all(row.outcome != "cut" for row in call.rows)
        and call.most_tokens is None
        and _CONSTRAINED.isdisjoint(call.losses)
    )
