"""Keys and moments for the tests of limits."""

from dataclasses import dataclass

NOON_US = 1_763_640_000_000_000  # 2025-11-20T12:00:00Z
DAY_US = 86_400_000_000
SECOND_US = 1_000_000


@dataclass
class Key:
    """A key as the gate sees it."""

    id: str = "key_1"
    name: str = "one"
    account_id: str | None = None
    created_at: int = 0
    rpm: int | None = None
    tpm: int | None = None
    budget_nusd: int | None = None
    budget_per: str | None = None
