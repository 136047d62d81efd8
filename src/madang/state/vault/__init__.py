"""Providers' keys in the store, sealed: who has only the store, or a backup of it, has no key.

Rule: the master key is never in the store, and a provider's key leaves this room only to be sent to
its provider.
"""

from madang.state.vault.master import ENV, ENV_FILE, FILE, MasterKeys
from madang.state.vault.vault import NOTHING, Opened, StoredKey, Vault

__all__ = ["ENV", "ENV_FILE", "FILE", "NOTHING", "MasterKeys", "Opened", "StoredKey", "Vault"]
