"""The way through: from an admitted call to a reply.

admit    the key may use the model, and its limits have room
plan     which targets, in which order
attempt  ask one; on a failure that another target may not share, ask the next
settle   every attempt is a row; the row is in the journal before the last byte leaves
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import NamedTuple

from madang.errors import (
    CallerError,
    Forbidden,
    InternalError,
    MadangError,
    ProviderError,
    ProviderRejected,
)
from madang.ledger.journal import Journal
from madang.ledger.prices import worst_nusd
from madang.model import EMBEDDING, Target, Usage
from madang.model import Attempt as Row
from madang.pipeline import settle
from madang.pipeline.attempt import Attempt
from madang.pipeline.call import Call, Reply
from madang.pipeline.continuation import Continuation, continuable
from madang.pipeline.failures import Failures
from madang.pipeline.lane import Snapshot
from madang.pipeline.measure import is_longer, prompt_tokens
from madang.routing.directory import Route, allowed
from madang.routing.limits import DEFAULT_OUTPUT_TOKENS, Limits
from madang.routing.plan import Plan, propose
from madang.upstream.outbox import Outbox
from madang.upstream.transport import Transport

_log = logging.getLogger("madang.pipeline")
Watcher = Callable[[Sequence[Row]], None]


class Pipeline:
    """Answers calls. `snapshot` is the configuration in force and may be replaced at any moment.

    Replies go to callers through `outbox`, which writes the journal before it sends anything.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        transport: Transport,
        journal: Journal,
        limits: Limits,
        outbox: Outbox,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self.snapshot = snapshot
        self.transport = transport
        self._journal = journal
        self._limits = limits
        self._outbox = outbox
        self._watchers = tuple(watchers)

    async def answer(self, call: Call) -> Reply:
        """Answer one call. Raises a MadangError when nothing could; then everything is settled already."""
        snapshot = self.snapshot
        route = snapshot.directory.resolve(call.envelope.model, call.wire.dialect)
        self._admit(call, route)
        if route.longer is not None and is_longer(call, route.threshold_tokens):
            route = route.longer
        search = _Search(
            call,
            snapshot,
            propose(
                route,
                snapshot.board,
                monotonic(),
                random.random(),
                lambda target: snapshot.list_price(target, call.at_us),
            ),
            Failures(),
        )
        target = next(search.plan)
        if call.may_go_on and (request := continuable(call)) is not None:
            resume = partial(self._resume, search, route)
            call.continuation = Continuation(call, request, resume, self.finish)
        try:
            return await self._ask(search, target)
        except MadangError:
            self.finish(call)
            raise

    async def _ask(self, search: "_Search", target: Target) -> Reply:
        """Ask one target after another. Raises a MadangError when none could answer, with all rows made."""
        call, snapshot = search.call, search.snapshot
        while True:
            lane = snapshot.lane(target)
            attempt = Attempt(call, lane, snapshot, self.transport, self)
            try:
                return await attempt.run()
            except MadangError as error:
                now = monotonic()
                self._note_failure(attempt, error, now)
                search.failures.add(target, error)
                following = None if call.is_late(now) else search.after(error)
                if following is None:
                    raise search.failures.telling or error from None
                target = following
                settle.supersede(call)
            except asyncio.CancelledError:
                self._note_leaving(attempt, monotonic())
                raise
            except Exception as defect:
                _log.exception("request %s: a defect of ours", call.id)
                failure = InternalError("Madang failed to handle this request; it has been logged.")
                self._note_failure(attempt, failure, monotonic())
                raise failure from defect

    async def _resume(self, search: "_Search", route: Route, error: MadangError) -> Reply:
        """Ask the next targets for the rest of an answer that has failed with `error`.

        Against its key's limits that is another request. Raises a MadangError where nobody can.
        """
        following = search.after(error)
        if following is None:
            raise error
        call = search.call
        if call.reservation is not None:
            self._true_up(call)
            self._reserve(call, route, monotonic())
        settle.supersede(call)
        return await self._ask(search, following)

    def finish(self, call: Call) -> None:
        """All rows of the call are known: enter them in the journal, true up the limits, tell the watchers."""
        rows = call.rows
        self._journal.note(rows)
        self._outbox.wake()
        if call.reservation is not None:
            self._true_up(call)
        for watcher in self._watchers:
            watcher(rows)

    def _true_up(self, call: Call) -> None:
        """Replace the reservation by what the rows used that have come since it was made."""
        rows = call.rows[call.settled :]
        used = sum(row.input_tokens + row.output_tokens for row in rows)
        cost = sum(row.cost_nusd or 0 for row in rows)
        self._limits.settle(call.key, call.reservation, used, cost)
        call.reservation, call.settled = None, len(call.rows)

    def _admit(self, call: Call, route: Route) -> None:
        key = call.key
        if key.models and not allowed(key.models, route, call.envelope.model):
            raise Forbidden(
                f"This key may not use the model `{call.envelope.model}`. Allowed: {', '.join(key.models)}.",
                param="model",
                code="model_not_allowed",
            )
        if key.rpm is not None or key.tpm is not None or key.budget_nusd is not None:
            self._reserve(call, route, call.started)

    def _reserve(self, call: Call, route: Route, now: float) -> None:
        """Set the worst case aside: the estimated prompt and the allowed answer, at the dearest target's price."""
        prompt = prompt_tokens(call, call.envelope.model)
        answer = call.envelope.max_tokens or DEFAULT_OUTPUT_TOKENS
        if call.wire.dialect in EMBEDDING:
            answer = 0
        usage = Usage(input=prompt, output=answer)
        prices = [
            self.snapshot.price(self.snapshot.lane(target), call.at_us)
            for target in route.every_target()
        ]
        worst = max((worst_nusd(price, usage) or 0 for price in prices if price), default=0)
        call.reservation = self._limits.admit(call.key, prompt + answer, worst, now, call.at_us)

    def _note_failure(self, attempt: Attempt, error: MadangError, now: float) -> None:
        """A row, and the target's standing: only the provider's own failures count against it."""
        account = attempt.account
        if isinstance(error, ProviderError):
            settle.redact(error, account.lane)
        if isinstance(error, ProviderRejected | CallerError | InternalError):
            account.lane.standing.released()
        else:
            account.lane.standing.failed(now)
        if account.sent_at > account.began_at:
            account.call.upstream_s += now - account.sent_at
        account.failed(now, error)

    def _note_leaving(self, attempt: Attempt, now: float) -> None:
        """The caller left before the answer began: the provider was asked, so the prompt is billed as estimated."""
        account = attempt.account
        account.lane.standing.released()
        usage = account.estimated(None, 0)
        account.answered(now, usage, None, outcome="client_closed", status=0)
        self.finish(account.call)


class _Search(NamedTuple):
    """Who can be asked for a call, by the configuration it began with, and what has failed so far."""

    call: Call
    snapshot: Snapshot
    plan: Plan
    failures: Failures

    def after(self, error: MadangError) -> Target | None:
        """Who follows after a failure: what the plan proposes, else who was passed over; None: nobody."""
        try:
            return self.plan.send(error)
        except StopIteration:
            return self.failures.last_resort(self.call)
