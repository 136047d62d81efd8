"""A second target beside one that is slow: the first to answer wins, the other is cancelled and accounted.

Only for models whose settings say so, and only while no first byte has come. Both attempts are rows
of one call: the second works on a twin of it that shares the rows, so that what an attempt notes on
its call (losses, time spent waiting) never mixes.
"""

import asyncio
import copy
from collections.abc import Callable
from inspect import CORO_CREATED, getcoroutinestate
from time import monotonic
from typing import Final, NamedTuple

from msgspec.structs import replace

from madang.errors import MadangError
from madang.pipeline import settle
from madang.pipeline.attempt import Attempt, Settler
from madang.pipeline.call import Call, Reply
from madang.pipeline.lane import Lane
from madang.routing.causes import remedy_for

LOST: Final = "hedge_lost"
"""The cause in the ledger of an attempt that was cancelled because another had answered."""

_WHY: Final = "another target answered first"


class House(NamedTuple):
    """What a race needs: how an attempt is made, and where all ends.

    `second` says who may be asked as well (None: nobody, or nothing is left to pay for it); `failed`
    hears of an attempt that has failed while the other goes on.
    """

    settler: Settler
    make: Callable[[Call, Lane, Settler], Attempt]
    second: Callable[[], Lane | None]
    failed: Callable[[Attempt, MadangError], None]


class _Runner:
    """An attempt under way. `has_begun` is known once it was stopped."""

    __slots__ = ("_work", "attempt", "has_begun", "task")

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.has_begun = True
        self._work = attempt.run()
        self.task = asyncio.ensure_future(self._work)

    def stop(self) -> None:
        """Cancel it; nobody wants to hear of it any more."""
        self.has_begun = getcoroutinestate(self._work) != CORO_CREATED
        self.task.cancel()
        self.task.add_done_callback(_forget)
        self.attempt.abandon()


class Race:
    """One attempt, and a second one after `delay_s` without a first byte. `account` is of the one that counts."""

    def __init__(self, call: Call, lane: Lane, house: House, delay_s: float) -> None:
        self._call = call
        self._house = house
        self._delay_s = delay_s
        self._runners: list[_Runner] = []
        self._first = house.make(call, lane, self)
        self.account = self._first.account

    async def run(self) -> Reply:
        """Return the first reply. Raises what the last of the attempts has failed with."""
        first = _Runner(self._first)
        self._runners.append(first)
        try:
            await asyncio.wait((first.task,), timeout=self._delay_s)
            streaming = self._call.envelope.stream  # their first byte is no token
            if not first.task.done() and (streaming or self.account.first_byte_at is None):
                self._hedge()
            return await self._end()
        except asyncio.CancelledError:
            self._leave()
            raise

    def begin(self, account: settle.Account) -> None:
        """An attempt is about to be sent."""
        self._house.settler.begin(account)

    def heard(self, account: settle.Account, text_bytes: int) -> None:
        """So much text of its answer has come so far."""
        self._house.settler.heard(account, text_bytes)

    def finish(self, call: Call) -> None:
        """An attempt has answered in full: the other has lost, and the call is over."""
        for runner in self._runners:
            if runner.attempt.account.call is call:
                self._win(runner)
                break
        self._house.settler.finish(self._call)

    def _hedge(self) -> None:
        """Ask a second target, if there is one."""
        lane = self._house.second()
        if lane is None:
            return
        twin = copy.copy(self._call)
        self._call.asked += 1
        twin.upstream_s += monotonic() - self.account.sent_at
        attempt = self._house.make(twin, lane, self)
        attempt.account.n = self._call.first_n + len(self._call.rows) + 1
        self._runners.append(_Runner(attempt))

    async def _end(self) -> Reply:
        """Wait for the first who answers, or for the last who fails."""
        while True:
            tasks = [runner.task for runner in self._runners]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            runner = next(one for one in self._runners if one.task.done())
            self.account = runner.attempt.account
            error = runner.task.exception()
            if error is None:
                self._win(runner)
                return runner.task.result()
            if len(self._runners) == 1:
                raise error
            if not isinstance(error, MadangError) or remedy_for(error).elsewhere == "none":
                self._win(runner)  # the other would fail as well
                raise error
            self._runners.remove(runner)
            self._house.failed(runner.attempt, error)

    def _win(self, winner: _Runner) -> None:
        """Whoever else is under way has lost."""
        for runner in self._runners:
            if runner is not winner:
                self._lose(runner)
        self._runners = [winner]

    def _lose(self, runner: _Runner) -> None:
        """Cancel an attempt. A provider that was asked bills the prompt, as estimated."""
        runner.stop()
        account, now = runner.attempt.account, monotonic()
        if not runner.has_begun:
            return
        account.lane.standing.released(now, account.began_at)
        if account.turn is None:
            return
        past = account.lane.standing.past.answers(streamed=self._call.envelope.stream)
        past.add(now - account.sent_at)  # at least so long it would have taken
        account.answered(now, account.estimated(None, 0), None, outcome="client_closed", status=0)
        rows = account.call.rows
        rows[-1] = replace(rows[-1], final=False, cause=LOST, detail=_WHY)
        rows.sort(key=lambda row: row.final)  # whoever looks for the last row means the final one

    def _leave(self) -> None:
        """The caller has left: of both attempts the first counts."""
        if not self._runners:
            return
        first = self._runners[0]
        self.account = first.attempt.account
        self._win(first)
        first.stop()


def _forget(task: asyncio.Future[Reply]) -> None:
    """Take note of how a cancelled attempt has ended, which says nothing any more."""
    if not task.cancelled():
        task.exception()
