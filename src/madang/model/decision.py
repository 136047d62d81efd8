"""Why a request went where it went, as its first row in the ledger keeps it."""

from typing import Literal

from msgspec import Struct

State = Literal["ready", "full", "resting", "returning"]
"""full: a request would wait for its turn. resting: after failures. returning: it takes a share of its work again."""


class Weighed(Struct, frozen=True, omit_defaults=True):
    """A target that could be asked, in the order of the plan.

    `target` is `provider/model`. `score` is what it was ordered by (None: by nothing but the
    order); what it means is said by `Decision.pick`.
    """

    target: str
    score: float | None = None
    state: State = "ready"


class LeftOut(Struct, frozen=True):
    """A target that could not be asked, and why."""

    target: str
    why: str


class Signs(Struct, frozen=True, omit_defaults=True):
    """What a question's complexity was judged by, so that it can be judged again without its text.

    `counts`: how strong each signal was, of those in the `version` of their rows. `language` is told by its
    script: `ko`, `ja`, `zh`, or `other`. `scorer` names the trained scorer whose verdict it was (None: the rules').
    """

    version: int
    language: str
    counts: dict[str, int]
    scorer: str | None = None


class Decision(Struct, frozen=True, omit_defaults=True):
    """How the plan of a request was made.

    `pick` is what targets were ordered by: a setting of that name (`order`, `weighted`,
    `latency`: seconds, `least-busy`: calls under way, `cost`: nano-dollars, `quality`: 0 to 1), or
    `prefer` (0 to 1). `considered` are the targets in the order of the plan. `prefer` is the
    preference that weighed most. `task`, `tier` and `rule` (from 1) say which of them applied,
    `signals` what the verdict on the tier was made of, `signs` what was counted for it. `kept`: the
    target that the session stays with, `probe`: a target that was asked only to learn how fast it is.
    `side`: why it is on its side where a new target is on trial for the model, or its traffic is cut over.
    """

    pick: str
    considered: tuple[Weighed, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    prefer: str | None = None
    task: str | None = None
    tier: str | None = None
    signals: tuple[str, ...] = ()
    rule: int | None = None
    kept: str | None = None
    probe: str | None = None
    side: str | None = None
    signs: Signs | None = None
