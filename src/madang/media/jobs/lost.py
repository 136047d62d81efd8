"""Orders whose answers were lost, for people: those that are being looked for, and a word on which job one became.

A person may know more than the provider's API tells: its portal, its support, its bill.
"""

from msgspec import Struct

from madang.errors import NotFound
from madang.media.jobs.job import Job, read_ask, read_job
from madang.media.jobs.told import News, kept_news
from madang.media.kit import now_us
from madang.state.jobs import Called, MediaJobs, StoredJob


class LostOrder(Struct, frozen=True, kw_only=True):
    """An order that its provider may have taken, and charged; `worst_nusd` is set aside for it. Moments are Unix µs."""

    id: str
    request_id: str
    key_id: str
    provider: str
    model: str
    prompt: str
    sent_us: int
    worst_nusd: int


def lost_orders(jobs: MediaJobs) -> list[LostOrder]:
    """All of them, oldest first."""
    return [_shown(kept, read_job(kept)) for kept in jobs.unsure()]


def name_job(jobs: MediaJobs, identity: str, provider_job: str) -> LostOrder:
    """Say which job of its provider a lost order became; it is followed from there. Raises NotFound."""
    kept = next((one for one in jobs.unsure() if one.id == identity), None)
    job = read_job(kept) if kept is not None else None
    if kept is None or job is None or job.target is None:
        raise NotFound(f"No order `{identity[:100]}` is being looked for.", code="order_not_lost")
    delivery = f"{job.order}:named:{provider_job}"[:600]
    news = kept_news(News(provider_job))
    jobs.hear(Called(job.target.provider, delivery, job.order, news), now_us())
    return _shown(kept, job)


def _shown(kept: StoredJob, job: Job) -> LostOrder:
    target = job.target
    return LostOrder(
        id=job.id,
        request_id=job.caller.request_id,
        key_id=job.caller.key_id,
        provider=target.provider if target is not None else "",
        model=target.model if target is not None else job.caller.asked_model,
        prompt=read_ask(kept).prompt,
        sent_us=job.sent_us,
        worst_nusd=job.reserved_nusd,
    )
