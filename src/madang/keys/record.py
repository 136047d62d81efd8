"""What a key is, to everyone but its owner; what can be asked for, and what makes no sense."""

import fnmatch
from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field, structs

from madang.errors import InvalidRequest

Period = Literal["day", "month"]

_MAX_LIMIT = 10**18  # in nano-dollars, a billion dollars
_MOST_TAGS = 16
_LONGEST_TAG = 100
_LONGEST_S = 100 * 366 * 86_400  # beyond the year 9999 a moment cannot be written


class KeyTerms(Struct, frozen=True, kw_only=True):
    """What a key is called, who pays for it, what it may do, and until when (Unix seconds; None: for good).

    `models` are names and globs (`openai/*`) that it may use; empty: all. None for a limit: none.
    `budget_nusd` is nano-dollars per `budget_per` (UTC; None: for good). `account_id` is who pays
    (None: nobody in particular).
    """

    name: str
    expires_at: int | None = None
    models: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    rpm: int | None = None
    tpm: int | None = None
    budget_nusd: int | None = None
    budget_per: Period | None = None
    admin: bool = False
    account_id: str | None = None


class NewKey(KeyTerms, frozen=True, kw_only=True):
    """What is asked for when a key is made."""


class Key(KeyTerms, frozen=True, kw_only=True):
    """A key as everyone but its owner may know it.

    `prefix` is the first 8 characters of its current raw key. Moments are Unix seconds; None: never.
    """

    id: str
    prefix: str
    created_at: int
    revoked_at: int | None = None

    def is_live(self, now_s: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now_s < self.expires_at)


class KeyChange(Struct, frozen=True, kw_only=True):
    """What becomes of a key; fields as in `KeyTerms`. UNSET: it stays as it is."""

    name: str | UnsetType = UNSET
    expires_at: int | UnsetType | None = UNSET
    models: tuple[str, ...] | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    rpm: int | UnsetType | None = UNSET
    tpm: int | UnsetType | None = UNSET
    budget_nusd: int | UnsetType | None = UNSET
    budget_per: Period | UnsetType | None = UNSET

    @property
    def given(self) -> dict[str, object]:
        """What changes, by name."""
        return {name: value for name, value in structs.asdict(self).items() if value is not UNSET}


class Secret(Struct, frozen=True, kw_only=True):
    """One raw key of a key, as it may be shown.

    `ends_at` None: it is the current one. `uses` counts requests since it was made. Moments are
    Unix seconds; what was used in the last seconds may not be entered yet.
    """

    prefix: str
    created_at: int
    ends_at: int | None
    last_used_at: int | None
    uses: int


class Selection(Struct, frozen=True, kw_only=True):
    """Which keys are meant: those with these ids.

    Without ids: every live key that has all of the tags, and this account (None: whichever).
    """

    ids: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    account_id: str | None = None


def allows(key: Key, model: str) -> bool:
    """Whether the key may use a model of this name."""
    return (
        not key.models
        or model in key.models
        or any(fnmatch.fnmatchcase(model, pattern) for pattern in key.models)
    )


def check_asked(asked: KeyTerms, now_s: float) -> None:
    """Raise InvalidRequest for what makes no sense."""
    if not asked.name.strip() or len(asked.name) > 100:
        raise InvalidRequest("A key needs a name of 1 to 100 characters.", param="name")
    if not asked.name.isprintable():
        raise InvalidRequest("A key's name must not hold control characters.", param="name")
    if asked.expires_at is not None and asked.expires_at <= now_s:
        raise InvalidRequest("A key must expire in the future.", param="expires_at")
    if asked.expires_at is not None and asked.expires_at > now_s + _LONGEST_S:
        raise InvalidRequest(
            "A key works for a hundred years at most; without an end, it never expires.",
            param="expires_at",
        )
    limits: Mapping[str, int | None] = {
        "rpm": asked.rpm,
        "tpm": asked.tpm,
        "budget": asked.budget_nusd,
    }
    for name, limit in limits.items():
        if limit is not None and not 0 < limit <= _MAX_LIMIT:
            raise InvalidRequest(f"`{name}` must be above zero.", param=name)
    if asked.budget_per is not None and asked.budget_nusd is None:
        raise InvalidRequest("`budget_per` needs a budget.", param="budget_per")
    if any(not model.strip() for model in asked.models):
        raise InvalidRequest("A model's name must not be empty.", param="models")
    if len(asked.tags) > _MOST_TAGS or not all(map(_is_tag, asked.tags.items())):
        raise InvalidRequest(
            f"A key has at most {_MOST_TAGS} tags, names and values of up to {_LONGEST_TAG} printable"
            " characters.",
            param="tags",
        )


def _is_tag(tag: tuple[str, str]) -> bool:
    name, value = tag
    sizes = 0 < len(name) <= _LONGEST_TAG and len(value) <= _LONGEST_TAG
    return sizes and name.isprintable() and value.isprintable()
