"""What each operation of the API does: plain functions over a project, which know nothing of HTTP."""

import time
from typing import Any

import msgspec

from madang_studio.api.words import (
    Approve,
    Approved,
    BatchShown,
    CreateBatch,
    CreateDrama,
    DramaShown,
    FileShown,
    Resume,
    Retake,
    Retaken,
)
from madang_studio.batch.delivery import files_of
from madang_studio.batch.overview import Overview, overview
from madang_studio.batch.rewriting import Taken, script_now, take_in
from madang_studio.batch.run import Report, report, take_up
from madang_studio.batch.tally import Counter
from madang_studio.batch.wanted import batch_of, want_otherwise
from madang_studio.errors import StudioError
from madang_studio.graph.estimates import Estimator
from madang_studio.graph.plan import Plan, plan
from madang_studio.model.script import Script
from madang_studio.runner import Preflight, needs_of_brief, orders
from madang_studio.store import Project
from madang_studio.store.dramas import Drama, State
from madang_studio.writing.genres import genre_of
from madang_studio.writing.script_file import json_of

PATH = "/studio/api"


class NotThere(StudioError):
    """No such drama, batch or file."""

    code = "not_found"


class Conflict(StudioError):
    """What was asked for does not go with how it stands."""

    code = "conflict"


class Desk:
    """A project's operations. All raise StudioError; NotThere for what is not there.

    `preflight` looks whether a drama can be made (None: another process works on the project, and looks).
    """

    def __init__(self, project: Project, preflight: Preflight | None = None) -> None:
        self.project, self._preflight = project, preflight

    def create(self, asked: CreateDrama) -> DramaShown:
        """Take a drama up, if what it will need is there. Raises NotOffered, MissingTool, NoRoom."""
        genre_of(asked.brief.genre)
        if self._preflight is not None:
            self._preflight.check(needs_of_brief(asked.brief))
        drama = self.project.dramas.add(asked.brief, priority=asked.priority)
        return self.show(drama)

    def all(self, batch: str | None = None, state: State | None = None) -> list[DramaShown]:
        """Dramas, those that go first before others."""
        found = self.project.dramas.all(batch=batch, states=(state,) if state else ())
        return [self._shown(each) for each in found]

    def show(self, drama: str) -> DramaShown:
        """One drama."""
        return self._shown(self._drama(drama))

    def status(self, drama: str) -> Overview:
        """How it stands, place by place."""
        return overview(self.project, self._drama(drama).id)

    def plan(self, drama: str) -> Plan:
        """What would be made, and what that costs."""
        estimator = Estimator(self.project.money.rate)
        return plan(self.project, self._drama(drama).id, estimator)

    def script(self, drama: str) -> Script:
        """The script with edits."""
        return script_now(self.project, self._drama(drama).id)

    def change_script(self, drama: str, script: Script) -> Taken:
        """Take a changed script in."""
        return take_in(self.project, self._drama(drama).id, json_of(script), "script.json")

    def retake(self, drama: str, asked: Retake) -> Retaken:
        """Have a place made again, or pick an earlier take."""
        name = self._drama(drama).id
        takes = self.project.shelf.takes(name, asked.place)
        if asked.take is None:
            orders.retake(self.project, name, asked.place)
            return Retaken(asked.place, len(takes) + 1)
        if asked.take > len(takes):
            raise NotThere(f"{asked.place} of drama {name} has {len(takes)} takes.")
        orders.pick(self.project, name, asked.place, takes[asked.take - 1].stamp)
        return Retaken(asked.place, asked.take)

    def approve(self, drama: str, asked: Approve) -> Approved:
        """Approve what a gate shows."""
        name = self._drama(drama).id
        return Approved(asked.gate, orders.approve(self.project, name, asked.gate, asked.places))

    def pause(self, drama: str) -> DramaShown:
        """Begin nothing new of it."""
        if not orders.pause(self.project, self._drama(drama).id):
            raise Conflict(f"Drama {drama} is not going: it cannot be paused.")
        return self.show(drama)

    def resume(self, drama: str, asked: Resume) -> DramaShown:
        """Let it go on."""
        name = self._drama(drama).id
        if asked.budget_usd is not None:
            self.project.dramas.change(name, budget_usd=asked.budget_usd)
        wishes = {"video": asked.video, "speech": asked.speech, "burned": asked.burned}
        want_otherwise(self.project, name, wishes)
        orders.resume(self.project, name, pay_again=asked.pay_again)
        return self.show(name)

    def cancel(self, drama: str) -> DramaShown:
        """Give it up; what was made stays."""
        if not orders.cancel(self.project, self._drama(drama).id):
            raise Conflict(f"Drama {drama} is over: it cannot be cancelled.")
        return self.show(drama)

    def files(self, drama: str) -> list[FileShown]:
        """What can be had of it now."""
        found = files_of(self.project, self._drama(drama).id)
        address = f"{PATH}/dramas/{drama}/files/"
        return [FileShown(name, it.stat().st_size, address + name) for name, it in found.items()]

    def batches(self) -> list[BatchShown]:
        """Every batch and how far it is."""
        names = dict.fromkeys(it.batch for it in self.project.dramas.all() if it.batch)
        return [self.batch(name) for name in names]

    def create_batch(self, asked: CreateBatch) -> BatchShown:
        """Take a batch up, or go on with the one of that name."""
        wanted = batch_of(msgspec.to_builtins(asked), asked.name)
        take_up(self.project, wanted)
        return self.batch(wanted.name)

    def batch(self, batch: str) -> BatchShown:
        """One batch and how far it is."""
        budget = self._batch(batch)
        dramas = [it.id for it in self.project.dramas.all(batch=batch)]
        tally = Counter(self.project, dramas, time.time()).tally(time.time())
        return BatchShown(id=batch, budget_nusd=budget, tally=tally)

    def report(self, batch: str) -> Report:
        """What came of a batch."""
        self._batch(batch)
        return report(self.project, batch, 0.0)

    def _batch(self, name: str) -> int | None:
        try:
            return self.project.dramas.batch(name).budget_nusd
        except StudioError as error:
            raise NotThere(str(error)) from error

    def _drama(self, name: str) -> Drama:
        try:
            return self.project.dramas.get(name)
        except StudioError as error:
            raise NotThere(str(error)) from error

    def _shown(self, drama: Drama) -> DramaShown:
        spent = self.project.money.spent(drama.id)
        fields: dict[str, Any] = {name: getattr(drama, name) for name in drama.__struct_fields__}
        return DramaShown(**fields, cost_nusd=spent.nusd, unpriced_requests=spent.unpriced)
