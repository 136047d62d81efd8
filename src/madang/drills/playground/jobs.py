"""Clips as jobs: each is rendered in the background, takes its time, and is kept in a temporary folder."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from madang.drills.animatic.rendering import NotRendered, Renderer
from madang.drills.playground.shapes import VIDEO_MODEL, VideoOrder
from madang.drills.playground.tickets import order_of, ticket

_KEPT_BYTES = 2 * 1024**3
_MOST_JOBS = 10_000
_MOST_WAITING = 2_000
_LIFE_S = 24 * 3_600
_GUESS_S_PER_S = 0.6

Status = Literal["queued", "in_progress", "completed", "failed"]


@dataclass(slots=True)
class Job:
    """A clip that was asked for. Times are Unix seconds; `size_bytes` is 0 until it is rendered.

    `revived`: an earlier process took it, and may have said that it is completed.
    """

    id: str
    order: VideoOrder
    at_s: float
    status: Status = "queued"
    done_s: float | None = None
    size_bytes: int = 0
    problem: str | None = None
    revived: bool = False
    task: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def told(self) -> dict[str, Any]:
        """The job in OpenAI's shape."""
        done = self.status == "completed"
        error = {"code": "render_failed", "message": self.problem} if self.problem else None
        return {
            "id": self.id,
            "object": "video",
            "model": VIDEO_MODEL,
            "status": self.status,
            "progress": 100 if done else 50 if self.status == "in_progress" else 0,
            "created_at": int(self.at_s),
            "completed_at": int(self.done_s) if done and self.done_s else None,
            "expires_at": int(self.done_s + _LIFE_S) if done and self.done_s else None,
            "prompt": self.order.prompt,
            "seconds": self.order.seconds,
            "size": self.order.size,
            "remixed_from_video_id": None,
            "error": error,
        }


class Full(Exception):
    """More clips wait than the playground renders in good time."""


class Jobs:
    """All jobs of one playground. Bounded: the oldest clips are dropped. `close` removes their folder."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._deleted: OrderedDict[str, None] = OrderedDict()
        self._folder = TemporaryDirectory(prefix="madang-playground-", ignore_cleanup_errors=True)

    def accept(self, order: VideoOrder, name: str | None = None) -> Job:
        """Start a job; the same `name` (Idempotency-Key) and order get the job that has them. Raises Full."""
        job_id = ticket(order, name)
        known = self._jobs.get(job_id)
        return known if known is not None else self._start(job_id, order)

    def get(self, job_id: str) -> Job | None:
        """A job by its id: also one that an earlier process took, which is rendered again. Raises Full."""
        known = self._jobs.get(job_id)
        if known is not None or job_id in self._deleted:
            return known
        order = order_of(job_id)
        if order is None:
            return None
        job = self._start(job_id, order)
        job.revived = True
        return job

    def _start(self, job_id: str, order: VideoOrder) -> Job:
        waiting = sum(job.status in {"queued", "in_progress"} for job in self._jobs.values())
        if waiting >= _MOST_WAITING:
            raise Full
        self._deleted.pop(job_id, None)
        job = self._jobs[job_id] = Job(job_id, order, time.time())
        job.task = asyncio.create_task(self._render(job))
        self._forget()
        return job

    def all(self) -> list[Job]:
        """All jobs, the latest first."""
        return list(reversed(self._jobs.values()))

    def file(self, job: Job) -> Path:
        """Where a job's clip is, once it is completed."""
        return Path(
            self._folder.name, f"{blake2b(job.id.encode(), digest_size=16).hexdigest()}.mp4"
        )

    def delete(self, job: Job) -> None:
        """Drop a job and its clip; rendering ends."""
        self._deleted[job.id] = None
        if len(self._deleted) > _MOST_JOBS:
            self._deleted.popitem(last=False)
        self._drop(job)

    def _drop(self, job: Job) -> None:
        if job.task is not None:
            job.task.cancel()
        self._jobs.pop(job.id, None)
        self.file(job).unlink(missing_ok=True)

    def close(self) -> None:
        """End all rendering and drop everything."""
        for job in list(self._jobs.values()):
            self._drop(job)
        self._folder.cleanup()

    async def _render(self, job: Job) -> None:
        order = job.order

        def started() -> None:
            job.status = "in_progress"

        try:
            clip = await self._renderer.clip(
                order.prompt,
                width_px=order.width_px,
                height_px=order.height_px,
                duration_ms=order.duration_ms,
                seed=order.seed,
                audio=order.audio,
                started=started,
            )
            await asyncio.to_thread(self.file(job).write_bytes, clip)
        except (NotRendered, OSError) as problem:
            job.status, job.problem = "failed", str(problem)
        else:
            job.status, job.done_s, job.size_bytes = "completed", time.time(), len(clip)

    def _forget(self) -> None:
        kept = sum(job.size_bytes for job in self._jobs.values())
        for job in list(self._jobs.values()):
            if kept <= _KEPT_BYTES and len(self._jobs) <= _MOST_JOBS:
                break
            if job.status in {"completed", "failed"}:
                kept -= job.size_bytes
                self._drop(job)


def again_ms(job: Job) -> int:
    """When to ask for a job again: about when it is ready, by what clips of that length take."""
    expected_s = job.order.duration_ms / 1_000 * _GUESS_S_PER_S
    return round(max(0.1, min(2.0, expected_s / 4)) * 1_000)
