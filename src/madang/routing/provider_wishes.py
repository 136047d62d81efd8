"""What a caller wishes of providers: the `provider` object of Chat Completions bodies, as users of OpenRouter write it.

Source of its members: https://openrouter.ai/docs/features/provider-routing (read November 2026).
Names are those of configured providers, in any case of letters, or of the catalogue's provider behind one.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from madang.errors import InvalidRequest
from madang.model import PriceRow, Target

_MILLION: Final = (
    1_000_000_000  # nano-dollars per dollar: prices are per million tokens on both sides
)

Sort = Literal["price", "throughput", "latency"]


class MaxPrice(Struct, frozen=True, forbid_unknown_fields=True):
    """The most that may be asked, in dollars per million tokens, per request or per image."""

    prompt: float | None = None
    completion: float | None = None
    request: float | None = None
    image: float | None = None


class _Sorting(Struct, frozen=True):
    by: Sort
    partition: str | None = None


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    order: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    max_price: MaxPrice | None = None
    sort: Sort | _Sorting | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None


class ProviderWishes(Struct, frozen=True):
    """`order`: these first; `only` (if any) and `ignore`: which may come at all, in small letters.

    `falls_back`: others may follow when the first fails. `is_private`: only targets that keep nothing.
    """

    order: tuple[str, ...] = ()
    only: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    falls_back: bool = True
    max_price: MaxPrice | None = None
    sort: Sort | None = None
    is_private: bool = False

    def refusal(self, target: Target, price: PriceRow | None) -> str | None:
        """Why a target may not be asked; None: it may."""
        names = _names(target)
        if self.only and self.only.isdisjoint(names):
            return "not among the providers that the caller wants only"
        if not self.ignore.isdisjoint(names):
            return "the caller wants this provider ignored"
        if self.is_private and not target.is_private:
            return "not marked as private, and the caller denies data collection"
        if self.max_price is not None:
            return _dearer(self.max_price, price)
        return None

    def place(self, target: Target) -> int:
        """Where a target comes in the order that the caller wishes, from 0."""
        names = _names(target)
        return next((at for at, name in enumerate(self.order) if name in names), len(self.order))


def read_wishes(raw: bytes) -> ProviderWishes | None:
    """The wishes in a body's `provider`; None where it is no object, so means something else. Raises InvalidRequest."""
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        asked: _Asked = _decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidRequest(
            f"`provider` cannot be heeded: {error}", param="provider", code="invalid_provider"
        ) from error
    sort = asked.sort.by if isinstance(asked.sort, _Sorting) else asked.sort
    order = _small(asked.order)
    falls_back = asked.allow_fallbacks is not False
    return ProviderWishes(
        order,
        frozenset(_small(asked.only) or (() if falls_back else order)),
        frozenset(_small(asked.ignore)),
        falls_back or bool(order),
        asked.max_price,
        sort,
        asked.data_collection == "deny" or asked.zdr is True,
    )


def without_provider(fields: Mapping[str, bytes]) -> dict[str, bytes]:
    """A body's members without the wishes, which are no provider's business."""
    return {name: value for name, value in fields.items() if name != "provider"}


_decoder = msgspec.json.Decoder(_Asked)


def _decode(raw: bytes) -> Any:  # noqa: ANN401 - what the decoder says it is
    return _decoder.decode(raw)


def _names(target: Target) -> frozenset[str]:
    names = {target.provider.lower()}
    if target.home:
        names.add(target.home.lower())
    return frozenset(names)


def _small(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """Names in small letters; of OpenRouter's `deepinfra/turbo` the provider."""
    return tuple(name.lower().partition("/")[0] for name in names or ())


def _dearer(most: MaxPrice, price: PriceRow | None) -> str | None:
    """Why a price is above what the caller pays; None: it is not."""
    if price is None or price.input is None or price.output is None:
        return "its price is unknown, and the caller sets a highest one"
    images = price.units.get("images")
    per_request = price.units.get("requests")
    asked = (
        (most.prompt, price.input),
        (most.completion, price.output),
        (most.image, images.nusd / images.per if images else 0),
        (most.request, per_request.nusd / per_request.per if per_request else 0),
    )
    if any(limit is not None and nusd > limit * _MILLION for limit, nusd in asked):
        return "dearer than the caller's highest price"
    return None
