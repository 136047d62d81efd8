"""Providers as they are spoken to: where, with which key, in which dialects.

One rule: everything that does not depend on a single request is computed once, when the
configuration is read. A request only looks up a prepared head by path.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from madang import __version__
from madang.catalog import Catalog, ProviderRow
from madang.config.sections.providers import Provider as ProviderSettings
from madang.config.sections.providers import Timeouts
from madang.model import Dialect
from madang.upstream.origin import Origin, parse_base_url

_KIND_APIS: dict[str, tuple[Dialect, ...]] = {
    "openai": ("chat",),
    "anthropic": ("messages",),
    "gemini": ("gemini",),
}
"""The dialect of a kind of API; kinds that are not here make media and speak none."""

_AUTH_OF_KIND = {"gemini": "x-goog-api-key", "fal": "key", "elevenlabs": "xi-api-key"}
"""How media are paid for where the catalogue does not say; others: bearer."""

_PRESENTED = {"bearer": "authorization: Bearer ", "key": "authorization: Key "}
"""What stands before a key that has no header of its own."""

_BESIDE: dict[Dialect, tuple[Dialect, ...]] = {
    "chat": ("embeddings",),
    "responses": ("embeddings",),
    "gemini": ("gemini_batch_embed", "gemini_embed"),
}
"""The embeddings that stand beside a generation API, under the same address and key; first the one to translate to."""

_AUTH_OF_API: dict[Dialect, str] = {
    "chat": "bearer",
    "responses": "bearer",
    "messages": "x-api-key",
    "gemini": "x-goog-api-key",
    "embeddings": "bearer",
    "gemini_batch_embed": "x-goog-api-key",
    "gemini_embed": "x-goog-api-key",
}
_SDK_VERSIONS = {"anthropic": "/v1", "gemini": "/v1beta"}
"""What these vendors' own SDKs add to a base URL, so that one copied from their settings works here too."""

_VERSION = re.compile(r"/v\d")
_MAX_HEADS = 4096
_SHOWN = 8
_GUESSED = 16
"""What is shorter than this is no secret but a word, such as the key `none` of a server at home."""

_SECRET = re.compile("auth|key|token|secret|cookie", re.IGNORECASE)
_ANTHROPIC_VERSION = "2023-06-01"


class ProviderProblem(ValueError):
    """A provider's settings do not add up; the message says what to do."""


@dataclass(slots=True)
class Provider:
    """One configured provider.

    `apis` are those it was configured with, preferred first, then the embeddings beside them.
    `home` is the catalogue's name for it (None: the catalogue does not know it): its models' ids
    and prices are looked up there. `kind` decides which vendor's price list applies to a provider
    of one's own. `passes_trace`: it is told of callers' traces. `max_tokens_field` is the name that
    its Chat Completions endpoint expects.
    """

    name: str
    kind: str
    origin: Origin
    prefix: str
    apis: tuple[Dialect, ...]
    home: str | None
    region: str | None
    serves_all: bool
    timeouts: Timeouts
    max_tokens_field: str
    models_path: str
    keys: tuple[str, ...] = field(repr=False)
    auth: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    passes_trace: bool = False
    _heads: dict[tuple[str, int], bytes] = field(default_factory=dict, repr=False)
    _turn: int = 0
    _secrets: tuple[bytes, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        secrets = (
            *self.keys,
            *(value for name, value in self.headers.items() if _SECRET.search(name)),
        )
        self._secrets = tuple(
            secret.removeprefix("Bearer ").encode() for secret in secrets if len(secret) >= _GUESSED
        )

    @property
    def speaks(self) -> Dialect | None:
        """The dialect that it speaks best; None: it makes media only."""
        return self.apis[0] if self.apis else None

    def redact(self, said: bytes) -> bytes:
        """The same without this provider's secrets, which it may repeat in a complaint."""
        for secret in self._secrets:
            if secret in said:
                said = said.replace(secret, secret[:_SHOWN] + b"...")
        return said

    def head(
        self, api: Dialect | None, path: str, method: str = "POST", key: int | None = None
    ) -> bytes:
        """The request line and the fixed headers for `path`, with a key by its number, or else the next of all.

        `api` None: media, which are no dialect.
        """
        turn = self._turn if key is None else key
        if key is None and len(self.keys) > 1:
            self._turn = turn = (turn + 1) % len(self.keys)
        head = self._heads.get((path, turn))
        if head is None or method != "POST":
            head = self._make_head(api, path, method, turn)
            if method == "POST" and len(self._heads) < _MAX_HEADS:
                self._heads[(path, turn)] = head
        return head

    def _make_head(self, api: Dialect | None, path: str, method: str, turn: int) -> bytes:
        host = self.origin.host if ":" not in self.origin.host else f"[{self.origin.host}]"
        default_port = 443 if self.origin.scheme == "https" else 80
        lines = [
            f"{method} {self.prefix}{path} HTTP/1.1",
            f"host: {host}"
            if self.origin.port == default_port
            else f"host: {host}:{self.origin.port}",
            f"user-agent: madang/{__version__}",
            "accept: */*",
            "accept-encoding: identity",
            "content-type: application/json",
        ]
        headers = dict(self.headers)
        if api == "messages":
            headers.setdefault("anthropic-version", _ANTHROPIC_VERSION)
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.keys:
            lines.append(self._credential(api, self.keys[turn]))
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    def _credential(self, api: Dialect | None, key: str) -> str:
        native = _AUTH_OF_API.get(api) if api else None
        if api is None or native is None:
            auth = self.auth or _AUTH_OF_KIND.get(self.kind, "bearer")
        else:
            own = api == self.speaks or api in _BESIDE.get(self.speaks or api, ())
            auth = self.auth if self.auth and own else native
        return _PRESENTED.get(auth, f"{auth}: ") + key


def build_providers(
    settings: Mapping[str, ProviderSettings], catalog: Catalog
) -> dict[str, Provider]:
    """Join each configured provider with its row of the catalogue. Raises ProviderProblem."""
    return {name: _build(name, given, catalog) for name, given in settings.items()}


def _build(name: str, given: ProviderSettings, catalog: Catalog) -> Provider:
    row = catalog.providers.get(name)
    kind = given.kind or (row.kind if row else None)
    if kind is None:
        raise ProviderProblem(
            f"provider `{name}` is not in the catalogue: give its `kind` (openai, anthropic, gemini, …) and `base_url`"
        )
    base_url = given.base_url or (row.base_url if row else None)
    if not base_url:
        raise ProviderProblem(f"provider `{name}` needs a `base_url`")
    keys = given.api_keys or ((given.api_key,) if given.api_key else ())
    if not keys and not given.base_url and not (row and row.keyless):
        raise ProviderProblem(f"provider `{name}` needs an `api_key`{_env_hint(row)}")
    try:
        origin, prefix = parse_base_url(base_url)
    except ValueError as error:
        raise ProviderProblem(f"provider `{name}`: {error}") from error
    return Provider(
        name=name,
        kind=kind,
        origin=origin,
        prefix=prefix if _VERSION.search(prefix) else prefix + _SDK_VERSIONS.get(kind, ""),
        apis=_with_embeddings(
            given.apis or (row.apis if row and row.kind == kind else _KIND_APIS.get(kind, ()))
        ),
        home=row.name if row else None,
        region=given.region,
        serves_all=given.serves == "all",
        timeouts=given.timeouts,
        max_tokens_field=row.max_tokens_field if row else "max_tokens",
        models_path=row.models_path if row else "/models",
        keys=keys,
        auth=row.auth if row and row.kind == kind else None,
        headers={**(row.headers if row else {}), **given.headers},
        passes_trace=given.trace == "pass",
    )


def _with_embeddings(apis: tuple[Dialect, ...]) -> tuple[Dialect, ...]:
    beside = [api for offered in apis for api in _BESIDE.get(offered, ())]
    return tuple(dict.fromkeys((*apis, *beside)))


def _env_hint(row: ProviderRow | None) -> str:
    return f" (or set {row.env[0]})" if row and row.env else ""
