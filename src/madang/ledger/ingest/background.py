"""The ingester at work behind the gateway: in a thread that gives way to the event loop."""

import logging
import os
import sys
import threading
import time

from madang.errors import StoreUnavailable
from madang.ledger.alarm import Alarm
from madang.ledger.ingest.ingester import Ingester, IngestReport

log = logging.getLogger("madang.ledger")

# The niceness of the thread. Measured on one core: at 0 it halves a saturated gateway's throughput;
# at 19 a busy neighbour starves it while the interpreter's lock is its own, and requests wait up to
# 300 ms (at 10: 40).
_NICENESS = 10
_AFTER_FAILURE_S = 1.0
_LOOK_AGAIN_S = 0.02
_REST = 9
_LARGE_BACKLOG = 256 * 1024 * 1024


class IngestThread:
    """Runs `ingester` every `poll_s` seconds; more often while there is more to move.

    Under load it takes a tenth of its time for itself and leaves the rest to the requests: the
    journal grows meanwhile, and is caught up when the load falls. It hurries when somebody waits in
    `catch_up`, and when more than `_LARGE_BACKLOG` bytes wait. `is_stuck`: the last pass failed.
    """

    def __init__(self, ingester: Ingester, *, poll_s: float = 0.25) -> None:
        self._ingester = ingester
        self._poll_s = poll_s
        self.is_stuck = False
        self._alarm = Alarm(log)
        self._awake = threading.Event()
        self._passed = threading.Condition()
        self._stopping = False
        self._waiting = 0
        self._thread = threading.Thread(target=self._run, name="madang-ingest", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Move what is in the journal now, then end and let another process take over.

        After `timeout_s` the thread is left behind; what it has not moved stays in the journal.
        """
        self.catch_up(timeout_s)
        self._stopping = True
        self._awake.set()
        self._thread.join(timeout_s)
        self._ingester.close()

    def catch_up(self, timeout_s: float) -> bool:
        """Wait until all that is in the journal now is in the store; False: not within `timeout_s`.

        Blocks; from a coroutine, call it in a thread. Works also when another process does the
        ingesting.
        """
        deadline = time.monotonic() + timeout_s
        goal = self._ingester.goal()
        with self._passed:
            self._waiting += 1
            try:
                while not self._ingester.reached(goal):
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return False
                    self._awake.set()
                    self._passed.wait(min(left, _LOOK_AGAIN_S))
            finally:
                self._waiting -= 1
        return True

    def _run(self) -> None:
        _lower_priority()
        while not self._stopping:
            pause_s = self._pass()
            with self._passed:
                self._passed.notify_all()
            self._awake.wait(pause_s)
            self._awake.clear()

    def _pass(self) -> float:
        """One pass; return how long to sleep afterwards."""
        began = time.monotonic()
        try:
            report = self._ingester.run_once()
        except StoreUnavailable as error:
            self._alarm.sound(f"the ledger is not moving, it grows in the journal: {error.message}")
            self.is_stuck = True
            return _AFTER_FAILURE_S
        except Exception:  # noqa: BLE001 - a defect, reported with its traceback; the next pass may do better
            self._alarm.sound("the ledger is not moving, it grows in the journal", traceback=True)
            self.is_stuck = True
            return _AFTER_FAILURE_S
        if self.is_stuck:
            self.is_stuck = False
            log.warning("the ledger is moving again")
        self._report_harm(report)
        if not report.more:
            return self._poll_s
        hurry = self._waiting or self._ingester.backlog_bytes() > _LARGE_BACKLOG
        return 0.0 if hurry else (time.monotonic() - began) * _REST

    def _report_harm(self, report: IngestReport) -> None:
        if report.damaged:
            log.error(
                "the ledger's journal is damaged: %d stretches skipped, see `madang doctor`",
                report.damaged,
            )
        if report.lost:
            log.warning(
                "a process died with %d attempts under way: they are in the ledger as `lost`",
                report.lost,
            )


def _lower_priority() -> None:
    """Give way to the event loop. Linux only: elsewhere the call means a whole process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
