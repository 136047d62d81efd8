"""The way to an answer that may be there already: by an Idempotency-Key, else by the cache, else by asking.

Long texts that are to be split are asked in pieces, and the cache has nothing to do with them.

Rule: a caller who wishes for nothing of it, at a gateway without a cache, pays nothing for it.
"""

from collections.abc import Awaitable
from functools import partial
from secrets import token_hex
from typing import Final

from madang.config.sections.caching import Cache as CacheSettings
from madang.config.settings import Settings
from madang.pipeline.again.cache import Cache, miss
from madang.pipeline.again.idempotency import Idempotency
from madang.pipeline.again.wish import NONE, Wish
from madang.pipeline.call import Call, Reply
from madang.pipeline.pieces.chunking import Chunking
from madang.pipeline.run import Pipeline
from madang.state.answers import CachedAnswers, IdempotentAnswers
from madang.state.store import Store

_MIB: Final = 1 << 20


class Recall:
    """Answers the calls of one process."""

    def __init__(self, pipeline: Pipeline, store: Store, settings: Settings) -> None:
        self.chunking = Chunking(pipeline)
        self._pipeline = pipeline
        self._cached = CachedAnswers(store)
        self._answered = IdempotentAnswers(store, holder=token_hex(8))
        self._idempotency = Idempotency(settings.idempotency, pipeline, self._answered)
        self._settings = settings.cache
        self._cache = self._made(settings.cache)

    def answer(self, call: Call, wish: Wish) -> Awaitable[Reply]:
        """Answer one call. Raises what `Pipeline.answer` raises, and CacheMiss, KeyReused or Conflict."""
        if wish is NONE and self._cache is None and call.chunk is None:
            return self._pipeline.answer(call)
        return self._answer(call, wish)

    def configure(self, settings: Settings) -> None:
        """Put other settings in force. A cache whose settings have changed begins anew."""
        self._idempotency.settings = settings.idempotency
        if settings.cache != self._settings:
            self._settings = settings.cache
            self._cache = self._made(settings.cache)

    def purge(self, now_s: float) -> None:
        """Forget in the store what has expired and what is too much. Does I/O; raises StoreUnavailable."""
        if self._settings is not None and self._settings.keep == "store":
            self._cached.purge(now_s, self._settings.max_mb * _MIB)
        self._answered.purge(now_s, self._idempotency.settings.key_mb * _MIB)

    async def stop(self) -> None:
        """End what goes on without a caller."""
        await self._idempotency.stop()
        if self._cache is not None:
            await self._cache.stop()

    async def _answer(self, call: Call, wish: Wish) -> Reply:
        if wish.name is not None:
            return await self._idempotency.answer(call, wish.name, partial(self._look, wish))
        return await self._look(wish, call)

    async def _look(self, wish: Wish, call: Call) -> Reply:
        if call.chunk is not None:
            if wish.cache == "only":
                raise miss("An answer made of pieces is never in the cache.")
            return await self.chunking.answer(call)
        if self._cache is not None:
            return await self._cache.answer(call, wish)
        if wish.cache == "only":
            raise miss("This gateway has no cache.")
        return await self._pipeline.answer(call)

    def _made(self, settings: CacheSettings | None) -> Cache | None:
        return None if settings is None else Cache(settings, self._pipeline, self._cached)
