"""Delivery: a queue and a thread for each channel, so that a slow one keeps nobody else waiting.

What fails is tried again after 1, 2, 4 … 60 seconds, a dozen times; the message keeps its id, so that whoever gets it
twice can tell. A queue that is full refuses what is new. Nothing of a channel's secrets is ever logged.
"""

import logging
import queue
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from madang.config.sections.alerts import Channel
from madang.watch.channels.address import Undeliverable
from madang.watch.channels.mail import send
from madang.watch.channels.message import Message
from madang.watch.channels.webhook import post

_log = logging.getLogger("madang.alerts")
MOST_WAITING: Final = 1000
ATTEMPTS: Final = 12
LONGEST_PAUSE_S: Final = 60.0

Pause = Callable[[int], float]
"""The seconds to wait after a failure, by how many there were."""


def deliver(
    channel: Channel,
    message: Message,
    now_s: float,
    secure: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> None:
    """Try once. Raises Undeliverable."""
    (send if channel.email is not None else post)(channel, message, now_s, secure)


def backoff(failures: int) -> float:
    """1, 2, 4 … 60 seconds, each a fifth more or less."""
    return min(LONGEST_PAUSE_S, 2.0 ** (failures - 1)) * random.uniform(0.8, 1.2)


class Courier:
    """Delivers to channels by name. `told` and `lost` count, by channel, what came through and what did not."""

    def __init__(self, *, pause: Pause = backoff, clock: Callable[[], float] = time.time) -> None:
        self._pause = pause
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._channels: Mapping[str, Channel] = {}
        self.told: dict[str, int] = {}
        self.lost: dict[str, int] = {}

    def configure(self, channels: Mapping[str, Channel]) -> None:
        """Use other channels; what waits for one that goes is lost, with it."""
        for name in [
            name for name in self._lines if channels.get(name) != self._channels.get(name)
        ]:
            self._lines.pop(name).stop()
        self._channels = dict(channels)

    def send(self, names: Iterable[str], message: Message) -> None:
        """Have a message delivered to channels (none: to all)."""
        for name in tuple(names) or tuple(self._channels):
            channel = self._channels.get(name)
            if channel is None:
                continue
            line = self._lines.get(name)
            if line is None:
                line = self._lines[name] = _Line(self, name, channel)
            if not line.take(message.spoken(channel.language)):
                self._note_loss(name, "too many others wait")

    def stop(self) -> None:
        """End the threads; what waits is not delivered."""
        for line in self._lines.values():
            line.stop()
        self._lines.clear()

    def bring(
        self, name: str, channel: Channel, message: Message, stopped: threading.Event
    ) -> None:
        """Deliver one message, trying again and again. In the thread of its channel."""
        for failures in range(1, ATTEMPTS + 1):
            try:
                deliver(channel, message, self._clock())
            except Undeliverable as error:
                if error.final or failures == ATTEMPTS:
                    self._note_loss(name, error.message)
                    return
                if stopped.wait(self._pause(failures)):
                    return
            else:
                self.told[name] = self.told.get(name, 0) + 1
                return

    def _note_loss(self, name: str, reason: str) -> None:
        self.lost[name] = self.lost.get(name, 0) + 1
        _log.error("an alert did not get through by the channel %r: %s", name, reason)


class _Line:
    """The queue and the thread of one channel."""

    def __init__(self, courier: Courier, name: str, channel: Channel) -> None:
        self._courier = courier
        self._name = name
        self._channel = channel
        self._waiting: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._stopped = threading.Event()
        thread = threading.Thread(target=self._run, name=f"madang-tell-{name}", daemon=True)
        thread.start()

    def take(self, message: Message) -> bool:
        """Queue a message; False: there is no room."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            return False
        return True

    def stop(self) -> None:
        """Let the thread end, after the try that it is at."""
        self._stopped.set()
        self.take_nothing()

    def take_nothing(self) -> None:
        """Wake the thread, where it waits for something to do."""
        if self._waiting.empty():
            self._waiting.put_nowait(None)

    def _run(self) -> None:
        while not self._stopped.is_set():
            message = self._waiting.get()
            if message is None:
                continue
            try:
                self._courier.bring(self._name, self._channel, message, self._stopped)
            except Exception:  # noqa: BLE001 - a defect, logged; the next message may do better
                _log.exception("an alert did not get through by the channel %r", self._name)
