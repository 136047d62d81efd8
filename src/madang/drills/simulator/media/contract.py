"""How a provider is described: its name, its endpoints, its key, its words."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from madang.drills.simulator.media.desk import Desk
from madang.drills.simulator.media.records import Ask, Reply
from madang.drills.simulator.records import Refused

Act = Callable[[Ask, Desk], Awaitable[Reply]]


class Endpoint(NamedTuple):
    """A method and a path, which may stand behind any base path, and what happens behind them.

    makes: what is asked for here, if anything; a closed provider has no such endpoint any more. free: no
    key is asked for.
    """

    method: str
    path: re.Pattern[str]
    act: Act
    makes: Literal["job", "file"] | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: its name in profiles and books, its endpoints, where it looks for a key, how it words refusals.

    hides: its refusals may be answers of 200 with a code in them.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    key: Callable[[Mapping[bytes, bytes], Mapping[str, str]], str]
    refuse: Callable[[Refused, Ask], Reply]
    hides: bool = False
