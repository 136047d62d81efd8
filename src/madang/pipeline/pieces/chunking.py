"""Long inputs, for callers who ask for it: the text is split, each piece answered, the answers made one.

Rule: all of it is one request. The whole is priced and reserved before the first piece is asked; every
attempt is a row under the request's id, and the last request, which makes the final answer, is the
caller's own call. Without the header nothing here is ever run.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from msgspec.structs import replace

from madang.errors import InvalidRequest, ProviderBroken
from madang.model import Request, Usage
from madang.model.money import dollars
from madang.pipeline.body import read
from madang.pipeline.call import Call, Reply, Whole
from madang.pipeline.pieces.chunk_plan import ChunkPlan, grouped, plan_of, share_of_answer
from madang.pipeline.run import Pipeline
from madang.pipeline.total import total, used_by
from madang.wire.map_reduce import said

AT_ONCE: Final = 4
"""Pieces of one request that are asked at the same time."""

_MOST_ROWS: Final = 1000
"""Rows are numbered from the next thousand for each part, so that no two have the same."""

_DIALECTS: Final = frozenset(("chat", "responses", "messages", "gemini"))
_HEAD: Final = b"x-madang-chunks: %d\r\n"


class Chunking:
    """Answers calls whose `chunk` is set."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def answer(self, call: Call) -> Reply:
        """Answer a call, in pieces where it does not fit. Raises what `Pipeline.answer` raises, and InvalidRequest."""
        plan = await self._plan(call)
        pieces = len(plan.pieces)
        if pieces == 1:
            reply = await self._pipeline.answer(call)
        else:
            self._pipeline.admit_parts(call, plan.steps)
            try:
                await _Work(self._pipeline, call, plan).prepare()
                reply = await self._pipeline.answer(call)
            except BaseException:
                self._pipeline.give_up(call)
                raise
        return reply._replace(head=reply.head + _HEAD % pieces)

    async def price(self, call: Call) -> dict[str, Any]:
        """What answering would take, without asking anybody: see docs/long-inputs.md."""
        plan = await self._plan(call)
        nusd = self._pipeline.most_nusd(call, plan.steps)
        return {
            "object": "chunk_plan",
            "model": call.envelope.model,
            "window_tokens": plan.window,
            "pieces": len(plan.pieces),
            "requests": len(plan.steps),
            "estimated_input_tokens": sum(step.prompt for step in plan.steps),
            "most_partial_tokens": plan.bound or None,
            "most_cost_usd": None if nusd is None else dollars(nusd),
        }

    async def _plan(self, call: Call) -> ChunkPlan:
        """The plan, made in a thread: a text of megabytes is read many times over. Raises InvalidRequest."""
        if call.wire.dialect not in _DIALECTS:
            raise InvalidRequest(
                "Only chat completions, responses, messages and generateContent can be answered in pieces.",
                param="x-madang-chunk",
                code="chunk_unsupported",
            )
        route = self._pipeline.permitted(call)
        request = read(call)
        if not isinstance(request, Request):
            raise InvalidRequest("Embeddings cannot be made in pieces.", param="x-madang-chunk")
        return await asyncio.to_thread(plan_of, request, route, call.envelope.max_tokens)


class _Work:
    """One request on its way: its pieces, then answers of answers, until one request can take what is left."""

    def __init__(self, pipeline: Pipeline, call: Call, plan: ChunkPlan) -> None:
        self._pipeline = pipeline
        self._call = call
        self._plan = plan
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked = 0
        self._used = Usage()

    async def prepare(self) -> None:
        """Have all parts answered, and make the call the one that combines them."""
        call, plan = self._call, self._plan
        began = monotonic()
        pieces = len(plan.pieces)
        answers = await self._all(
            [
                (plan.frame.piece(text, n, pieces, plan.bound), f"piece {n} of {pieces}")
                for n, text in enumerate(plan.pieces, 1)
            ]
        )
        while len(groups := self._groups(answers)) > 1:
            answers = await self._all(
                [
                    (
                        plan.frame.some_answers(answers[group], plan.bound),
                        f"one answer of answers {group.start + 1} to {group.stop} of {len(answers)}",
                    )
                    for group in groups
                ]
            )
        call.upstream_s += monotonic() - began
        call.first_n = (self._asked + 1) * _MOST_ROWS
        call.request = plan.frame.all_answers(answers)
        call.body = _body(call, call.request)
        call.seam = f"one answer of {len(answers)}"
        call.before = self._used
        call.may_go_on = False

    def _groups(self, answers: Sequence[str]) -> list[slice]:
        """Which answers go into one request. Raises ProviderBroken where one is longer than was planned for."""
        shares = [
            share_of_answer(self._plan, answer, number) for number, answer in enumerate(answers, 1)
        ]
        if max(shares) > self._plan.most_share:
            raise ProviderBroken("the answer to a piece is longer than it was allowed to be")
        return list(grouped(shares))

    async def _all(self, parts: Sequence[tuple[Request, str]]) -> list[str]:
        """The answers to several requests, in order. Where one fails, the others are given up."""
        tasks = [asyncio.create_task(self._one(request, what)) for request, what in parts]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def _one(self, request: Request, what: str) -> str:
        async with self._turns:
            self._asked += 1
            part = _part(self._call, request, self._asked * _MOST_ROWS, what)
            reply = await self._pipeline.answer(part)
        self._call.asked += part.asked
        for row in part.rows:
            self._used = total(self._used, used_by(row))
        body = reply.body if isinstance(reply, Whole) else b""
        return said(part.wire.read_answer(body))


def _part(call: Call, request: Request, first_n: int, what: str) -> Call:
    """A call for a part of another's work, in what is left of its time."""
    now = monotonic()
    part = Call(id=call.id, wire=call.wire, key=call.key, at_us=call.at_us, started=now)
    part.parts, part.first_n, part.seam = call.parts, first_n, what
    part.request = request
    part.body = _body(call, request)
    part.envelope = replace(
        call.envelope, stream=False, include_usage=False, max_tokens=request.max_tokens
    )
    part.path_model = call.path_model
    part.priority, part.tags, part.forward = call.priority, call.tags, call.forward
    part.trace = call.trace
    part.may_lose, part.is_thrifty = call.may_lose, call.is_thrifty
    if call.deadline_s is not None:
        part.deadline_s = max(0.001, call.deadline_s - (now - call.started))
    return part


def _body(call: Call, request: Request) -> bytes:
    """The request in the caller's format: its length is what is looked at before it is sent."""
    body: bytes = call.wire.write_request(request, call.envelope.model).body
    return body
