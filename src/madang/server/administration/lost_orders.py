"""Operations on orders of clips whose answers were lost: which there are, and what a person knows of one."""

from typing import Annotated

from msgspec import Meta, Struct

from madang.media.jobs.lost import LostOrder, lost_orders, name_job
from madang.server.administration.operation import Operation
from madang.server.process.runtime import Runtime


class LostOrders(Struct):
    """Orders that their providers may have taken, oldest first."""

    orders: list[LostOrder]


class NameJob(Struct, frozen=True, forbid_unknown_fields=True):
    """`provider_job`: the provider's own id of the job that an order became."""

    provider_job: Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[\x21-\x7e]+$")]


def list_lost(runtime: Runtime, _: str, __: None) -> LostOrders:
    """Orders that are being looked for."""
    return LostOrders(lost_orders(runtime.media.kit.jobs))


def name_lost(runtime: Runtime, id_: str, named: NameJob) -> LostOrder:
    """Say which job of its provider an order became; it is followed from there."""
    return name_job(runtime.media.kit.jobs, id_, named.provider_job)


LOST_ORDERS: tuple[Operation, ...] = (
    Operation("GET", "/api/lost-orders", list_lost, LostOrders),
    Operation("POST", "/api/lost-orders/{id}", name_lost, LostOrder, NameJob),
)
