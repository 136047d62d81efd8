"""What everybody in this room works with: the configuration in force, the way to providers, the books."""

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec.structs import replace

from madang.config.settings import Settings
from madang.errors import Forbidden, MadangError
from madang.keys import Key
from madang.media.choosing import Chooser
from madang.media.files.shelf import Shelf
from madang.model import Decision, Dialect, Target
from madang.model.media import ImageAsk, SpeechAsk, TranscribeAsk, VideoAsk
from madang.pipeline import Pipeline, Snapshot
from madang.pipeline.lane import Berth
from madang.routing.media import videos, voices
from madang.routing.names.directory import allowed
from madang.routing.pacing import Turn
from madang.routing.plan import Plan, propose
from madang.routing.route import Route
from madang.state.jobs import MediaJobs
from madang.wire.media.registry import MEDIA

A = TypeVar("A", VideoAsk, SpeechAsk, ImageAsk, TranscribeAsk)


@dataclass(slots=True)
class Kit:
    """`settings` and `shelf` are replaced when the configuration changes."""

    pipeline: Pipeline
    jobs: MediaJobs
    settings: Settings
    shelf: Shelf
    holder: str = ""
    _chooser: Chooser | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The configuration in force, as the pipeline has it."""
        return self.pipeline.snapshot

    def route(self, key: Key, model: str, work: Dialect) -> Route:
        """Where a model's name leads. Raises UnknownModel, InvalidRequest, or Forbidden: the key may not use it."""
        route = self.snapshot.directory.resolve(model, work)
        permit(key, route, model)
        return route

    def clip_route(
        self, key: Key, model: str, ask: VideoAsk, hints: Mapping[str, Any], at_us: int
    ) -> tuple[Route, Decision | None]:
        """Who may be asked for a clip; `video:auto` is decided here. Raises the same, and UnsupportedFeature."""
        if model != videos.AUTO:
            return self.route(key, model, "videos"), None
        route, decision = self.chooser.video(ask, hints, at_us)
        permit(key, route, model)
        return route, decision

    def speech_route(
        self, key: Key, model: str, ask: SpeechAsk, at_us: int
    ) -> tuple[Route, Decision | None]:
        """The same for speech and `speech:auto`."""
        if model != voices.AUTO:
            return self.route(key, model, "speech"), None
        route, decision = self.chooser.speech(ask, at_us)
        permit(key, route, model)
        return route, decision

    @property
    def chooser(self) -> Chooser:
        """Who chooses where the name of a model leaves that open."""
        known = self._chooser
        if known is None or known.snapshot is not self.snapshot:
            known = self._chooser = Chooser(self.snapshot)
        return known

    def plan(self, route: Route) -> Plan:
        """Who is asked, in what order: a generator that hears how each has failed."""
        snapshot = self.snapshot
        at_us = now_us()

        def price_of(target: Target) -> float | None:
            row = snapshot.price(snapshot.berth(target), at_us)
            if row is None or not row.units:
                return None
            return min(one.nusd / one.per for one in row.units.values())

        chance = random.random()
        return propose(route, snapshot.board, time.monotonic(), chance, price_of=price_of)

    def told(self, ask: A, target: Target) -> A:
        """What is wanted, with the caller's own fields for whoever makes it: those of its kind and of its name."""
        if not ask.fields:
            return ask
        provider = self.snapshot.providers[target.provider]
        own = {**ask.fields.get(provider.kind, {}), **ask.fields.get(provider.name, {})}
        return replace(ask, fields=own)

    def wire(self, target: Target, work: Dialect) -> object:
        """The adapter of a target for its work."""
        return getattr(MEDIA[self.snapshot.providers[target.provider].kind], work)


def permit(key: Key, route: Route, model: str) -> None:
    """Raise Forbidden where a key may not use the model."""
    if key.models and not allowed(key.models, route, model):
        raise Forbidden(
            f"This key may not use the model `{model}`. Allowed: {', '.join(key.models)}.",
            param="model",
            code="model_not_allowed",
        )


def now_us() -> int:
    """Unix µs."""
    return time.time_ns() // 1000


def key_of(berth: Berth, turn: Turn | None, prefix: str | None) -> int | None:
    """The number of the key that a call goes out with: its turn's, else the one that begins so, else the first."""
    if turn is not None:
        return turn.key
    keys = berth.provider.keys
    for number, one in enumerate(keys):
        if prefix and one.startswith(prefix):
            return number
    return 0 if keys else None


def following(plan: Plan, error: MadangError) -> Iterator[Target]:
    """The target that a plan proposes after a failure, if there is one."""
    try:
        yield plan.send(error)
    except StopIteration:
        return
