"""A target made ready: everything about it that does not depend on the request, computed once per configuration."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from madang.catalog import Catalog, PriceRow
from madang.ledger.prices import Prices
from madang.model import MEDIA, Dialect, Target
from madang.pipeline.call import header_value
from madang.pipeline.line import Line
from madang.pipeline.patience import Patience
from madang.routing.board import Board, Standing
from madang.routing.names.directory import Directory
from madang.routing.pacing import Terms
from madang.upstream.providers import Provider
from madang.wire.contract import AnyWire
from madang.wire.registry import WIRES
from madang.wire.screen import Screen


class Berth:
    """One target with its provider, its standing, the line before it and the header lines that name it."""

    __slots__ = ("head", "like", "line", "prices", "provider", "standing", "target")

    def __init__(
        self, target: Target, provider: Provider, standing: Standing, line: Line, like: str | None
    ) -> None:
        self.target = target
        self.provider = provider
        self.standing = standing
        self.line = line
        self.like = like
        self.prices: dict[int, PriceRow | None] = {}
        self.head = b"x-madang-provider: %b\r\nx-madang-model: %b\r\n" % (
            header_value(target.provider),
            header_value(target.canonical or target.model),
        )
        if target.region:
            self.head += b"x-madang-region: %b\r\n" % header_value(target.region)


class Lane(Berth):
    """A target that is spoken to in a dialect.

    `room` and `longest` are the tokens of its window and of its answers, endless where not known.
    """

    __slots__ = (
        "longest",
        "own_screen",
        "plain_path",
        "room",
        "screens",
        "stream_path",
        "wire",
    )

    def __init__(
        self, target: Target, provider: Provider, standing: Standing, line: Line, like: str | None
    ) -> None:
        super().__init__(target, provider, standing, line, like)
        self.wire: AnyWire = WIRES[target.api]
        self.plain_path = self.wire.request_path(target.model, False)  # noqa: FBT003 - the contract's shape
        self.stream_path = self.wire.request_path(target.model, True)  # noqa: FBT003
        self.room = target.context_window or _ENDLESS_TOKENS
        self.longest = target.max_output or _ENDLESS_TOKENS
        self.own_screen = Screen(target.api, target.lacks)
        self.screens: dict[Dialect, Screen] = {}

    def screen(self, dialect: Dialect) -> Screen:
        """The quick question whether a body of a dialect may need what the target lacks."""
        screen = self.screens.get(dialect)
        if screen is None:
            screen = self.screens[dialect] = Screen(dialect, self.target.lacks)
        return screen


class Snapshot:
    """One configuration in force: names, providers, prices.

    It is replaced as a whole; a request keeps the one it began with.
    """

    def __init__(
        self,
        catalog: Catalog,
        providers: Mapping[str, Provider],
        directory: Directory,
        board: Board,
        terms: Mapping[str, Terms],
        own_prices: Iterable[PriceRow] = (),
        patience: Patience | None = None,
    ) -> None:
        """`terms`: how each provider may be asked.

        `refuses_unpriced`, set afterwards like `quality`: under a budget nobody is asked whose price is unknown.
        """
        self.catalog = catalog
        self.providers = providers
        self.directory = directory
        self.board = board
        self.prices = (*catalog.prices, *own_prices)
        self.quality: Callable[[str], float | None] = _unknown
        self.patience = patience or Patience()
        self.refuses_unpriced = True
        self.moulds: dict[tuple[object, ...], object] = {}
        self._prices = Prices(self.prices)
        self._terms = terms
        self._lanes: dict[Target, Lane] = {}
        self._berths: dict[Target, Berth] = {}
        self._lines: dict[tuple[str, str], Line] = {}

    def lane(self, target: Target) -> Lane:
        """The lane of a target, made at first use."""
        lane = self._lanes.get(target)
        if lane is None:
            lane = self._lanes[target] = Lane(*self._parts(target))
        return lane

    def berth(self, target: Target) -> Berth:
        """The same for a target that makes media, which are no dialect."""
        berth = self._berths.get(target)
        if berth is None:
            berth = self._berths[target] = Berth(*self._parts(target))
        return berth

    def _parts(self, target: Target) -> tuple[Target, Provider, Standing, Line, str | None]:
        # callers may make up names of models
        if len(self._lanes) + len(self._berths) >= _MAX_LANES:
            self._lanes.clear()
            self._berths.clear()
            self._lines.clear()
            self.board.forget_idle()
        provider = self.providers[target.provider]
        standing = self.board.standing(target)
        line = self._line(target, provider)
        return target, provider, standing, line, self._like(provider, target)

    def _line(self, target: Target, provider: Provider) -> Line:
        """The line before a model of a provider, one for all the names and formats that lead to it."""
        name = (target.provider, target.model)
        line = self._lines.get(name)
        if line is None:
            standing, terms = self.board.standing(target), self._terms[target.provider]
            standing.turnstile = self.board.pacing.turnstile(target, provider.keys, terms)
            line = Line(standing.turnstile, standing, terms.queue, "/".join(name))
            self._lines[name] = line
        return line

    def price(self, lane: Berth, at_us: int) -> PriceRow | None:
        """The price in force for a lane at a time (Unix µs); None where it is unknown."""
        day = at_us // 86_400_000_000
        try:
            return lane.prices[day]
        except KeyError:
            target = lane.target
            found = self._prices.find(
                lane.provider.home or lane.provider.name,
                target.model,
                target.canonical,
                date.fromordinal(_EPOCH + day),
                like=lane.like,
            )
            lane.prices[day] = found
            return found

    def price_known_as(
        self, provider: str, model: str, at_us: int, name: str | None = None
    ) -> PriceRow | None:
        """The price known now for an attempt entered under these names (see `model.Attempt`) at a time (Unix µs).

        `name` is that of the price it was entered with: it tells which of the provider's ids
        answered, and whose list applied.
        """
        row_of, _, rest = (name or "").partition("#")[0].partition("/")
        own_id = rest.rpartition("@")[0] or model
        like = row_of if row_of and row_of != provider else None
        known = self.providers.get(provider)
        if not name and known is not None:
            like = self._like(known, Target(provider, model, "chat", model))
        day = date.fromordinal(_EPOCH + at_us // 86_400_000_000)
        return self._prices.find(provider, own_id, model, day, like)

    def list_price(self, target: Target, at_us: int) -> int:
        """Input plus output price per million tokens in nano-dollars, for choosing by cost; unknown sorts last."""
        row = self.price_row(target, at_us)
        return (row.input or 0) + (row.output or 0) if row else _UNKNOWN_SORTS_LAST

    def price_row(self, target: Target, at_us: int) -> PriceRow | None:
        """The price in force for a target at a time (Unix µs); None: unknown."""
        is_media = target.api in MEDIA
        return self.price(self.berth(target) if is_media else self.lane(target), at_us)

    def quality_of(self, target: Target) -> float | None:
        """How good a target's answers are, 0 to 1; None: unknown."""
        name = target.canonical or target.model
        known = self.quality(f"{target.provider}/{name}")
        return self.quality(name) if known is None else known

    def _like(self, provider: Provider, target: Target) -> str | None:
        """The provider whose price list a provider of one's own follows: its model's vendor, if it is of that kind."""
        row = self.catalog.models.get(target.canonical) if target.canonical else None
        if row is None or provider.home == row.home:
            return None
        vendor = self.catalog.providers.get(row.home)
        same_kind = vendor is not None and vendor.kind == provider.kind and provider.home is None
        return (
            row.home if provider.serves_all or (same_kind and row.home == provider.kind) else None
        )


def _unknown(_: str) -> float | None:
    """Of no model it is known how good it is."""
    return None


_MAX_LANES = 10_000
_ENDLESS_TOKENS = 1 << 62
_EPOCH = date(1970, 1, 1).toordinal()
_UNKNOWN_SORTS_LAST = 1 << 62
