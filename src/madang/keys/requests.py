"""What can be asked about keys, in the words of the HTTP API and of the command line."""

from msgspec import UNSET, Struct, UnsetType, field

from madang.errors import InvalidRequest
from madang.keys.record import KeyChange, NewKey, Period, Selection
from madang.keys.spelling import parse_duration, parse_usd

DEFAULT_GRACE = "24h"


class CreateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key to make. `expires`: a duration (30d); `models`: names or globs; `budget_usd`: a decimal as text.

    `account_id`: who pays.
    """

    name: str
    expires: str | None = None
    models: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    rpm: int | None = None
    tpm: int | None = None
    budget_usd: str | None = None
    budget_per: Period | None = None
    account_id: str | None = None

    def new(self, now_s: float) -> NewKey:
        """The same as a record. Raises InvalidRequest."""
        return NewKey(
            name=self.name,
            expires_at=_moment(self.expires, now_s),
            models=self.models,
            tags=self.tags,
            rpm=self.rpm,
            tpm=self.tpm,
            budget_nusd=_nusd(self.budget_usd),
            budget_per=self.budget_per,
            account_id=self.account_id,
        )


class ChangeKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What becomes of a key; what is not named stays. null: no such limit, or it never expires.

    `expires`: a duration from now (30d); `models`, `tags`: all of them, instead of those before;
    `budget_usd`: a decimal as text.
    """

    name: str | UnsetType = UNSET
    expires: str | UnsetType | None = UNSET
    models: tuple[str, ...] | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    rpm: int | UnsetType | None = UNSET
    tpm: int | UnsetType | None = UNSET
    budget_usd: str | UnsetType | None = UNSET
    budget_per: Period | UnsetType | None = UNSET

    def change(self, now_s: float) -> KeyChange:
        """The same as a record. Raises InvalidRequest."""
        expires, budget = self.expires, self.budget_usd
        return KeyChange(
            name=self.name,
            expires_at=expires if expires is UNSET else _moment(expires, now_s),
            models=self.models,
            tags=self.tags,
            rpm=self.rpm,
            tpm=self.tpm,
            budget_nusd=budget if budget is UNSET else _nusd(budget),
            budget_per=self.budget_per,
        )


class RotateKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key's secret is replaced. `grace`: how long the one before still works (`0`: no longer)."""

    grace: str = DEFAULT_GRACE


class RotateKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which live keys get new secrets: `all`, or those with all of the `tags` and of the account."""

    all: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    account_id: str | None = None
    grace: str = DEFAULT_GRACE

    @property
    def selection(self) -> Selection:
        """The same as a record. Raises InvalidRequest, unless it says which."""
        if self.all == (bool(self.tags) or self.account_id is not None):
            raise InvalidRequest("Say which keys: either `all`, or `tags` and `account_id`.")
        return Selection(tags=self.tags, account_id=self.account_id)


def _moment(duration: str | None, now_s: float) -> int | None:
    return int(now_s) + parse_duration(duration) if duration else None


def _nusd(usd: str | None) -> int | None:
    return parse_usd(usd) if usd else None
