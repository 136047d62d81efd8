"""Where a provider is administered: another address than that of its models, with the same keys.

Rule: a key goes there only where the configuration says so, or where the provider is the vendor's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from madang.errors import ProviderBroken
from madang.upstream.origin import parse_base_url
from madang.upstream.providers import Provider

_PLATFORMS: Final[Mapping[str, str]] = {"queue.fal.run": "https://api.fal.ai/v1"}
"""By the host of its models: https://fal.ai/docs/platform-apis, read in November 2026."""


def platform_of(provider: Provider, url: str | None) -> Provider:
    """The same provider at the address of its administration. Raises ProviderBroken: it is not known to have one."""
    url = url or _PLATFORMS.get(provider.origin.host)
    if url is None:
        raise ProviderBroken(f"{provider.name} has no `platform_url`")
    origin, prefix = parse_base_url(url)
    return replace(provider, origin=origin, prefix=prefix, _heads={})
