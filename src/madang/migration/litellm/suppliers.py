"""The section `providers`: each place, with one key, that targets of the file are at."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from madang.catalog import ProviderRow
from madang.config.problems import show
from madang.migration.findings import Findings
from madang.migration.place import Place
from madang.migration.writing import literal

VARIABLE = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]*)")
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SECRET_HEADER = re.compile("auth|key|token|secret|cookie|passw|credential", re.IGNORECASE)
_VERSIONED = re.compile(r"/v\d[^/]*(/|$)")
_NOT_A_VARIABLE = re.compile(r"[^A-Z0-9]+")
_MAX_NAME = 48
_SAMPLE_URL = "https://variable.example"


class Spot(Struct, frozen=True):
    """What tells providers apart: the catalogue's row, the address, the key, the region, headers."""

    row: ProviderRow | None
    base_url: str | None
    key: str | None
    region: str | None
    headers: tuple[tuple[str, str], ...]

    @property
    def marks(self) -> tuple[object, ...]:
        """The same, hashable."""
        name = self.row.name if self.row else None
        return name, self.base_url, self.key, self.region, self.headers


class Suppliers:
    """Providers as they are asked for. `sections` are what the configuration says of each, by name.

    `taken`: variables that the file itself reads, which no key from its text may be put into.
    """

    def __init__(self, findings: Findings, taken: Collection[str] = ()) -> None:
        self.sections: dict[str, dict[str, Any]] = {}
        self._findings = findings
        self._taken = set(taken)
        self._names: dict[tuple[object, ...], str] = {}

    def name_of(self, spot: Spot) -> str:
        """The provider at a spot; made if it is the first that is there."""
        name = self._names.get(spot.marks)
        if name is None:
            own = _is_its_own(spot)
            wanted = spot.row.name if spot.row and own else _name_of_address(spot)
            name = self._free(wanted)
            self._names[spot.marks] = name
            self.sections[name] = self._section(name, spot)
        return name

    def _free(self, wanted: str) -> str:
        number, name = 1, wanted
        while name in self.sections:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def _section(self, name: str, spot: Spot) -> dict[str, Any]:
        row = spot.row
        known = row is not None and row.name == name
        section: dict[str, Any] = {}
        if not known:
            section["kind"] = row.kind if row else "openai"
            if row and row.kind == "openai" and row.apis != ("chat",) and _is_its_own(spot):
                section["apis"] = list(row.apis)
        base_url = spot.base_url or (None if known or row is None else row.base_url)
        if base_url:
            section["base_url"] = base_url
        if spot.region:
            section["region"] = spot.region
        key = self._key(name, spot)
        if key:
            section["api_key"] = key
        if spot.headers:
            section["headers"] = dict(spot.headers)
        return section

    def _key(self, name: str, spot: Spot) -> str | None:
        """How the key is referred to. One that stands in the file stays out of what is written."""
        row = spot.row
        if spot.key is None:
            if row is None or row.keyless or not row.env or (spot.base_url and row.name != name):
                return None
            return self._findings.needs(row.env[0], f"the key of {row.title}")
        found = VARIABLE.fullmatch(spot.key)
        if found:
            return self._findings.needs(found[1], f"the key of provider `{name}`")
        told = f"the key of provider `{name}`, which stands in the file in the clear"
        own = row.env[0] if row and row.env and row.name == name else f"{variable_of(name)}_API_KEY"
        return self._findings.needs(self._unread(own), told)

    def _unread(self, wanted: str) -> str:
        """A variable that nothing else is in."""
        number, name = 1, wanted
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name


def variable_of(text: str) -> str:
    """A text as the name of a variable: capitals, digits and `_`, not a digit first."""
    name = _NOT_A_VARIABLE.sub("_", text.upper()).strip("_")
    return name if name[:1].isalpha() else f"PROVIDER_{name}".rstrip("_")


def base_url_of(place: Place | None, row: ProviderRow | None, findings: Findings) -> str | None:
    """The address as Madang wants it, from LiteLLM's `api_base`; None: the catalogue's own."""
    given = place.text() if place else None
    if place is None or given is None:
        if row is None or row.name != "azure":
            return None
        given = "os.environ/AZURE_API_BASE"
    found = VARIABLE.fullmatch(given)
    if found:
        url = findings.needs(found[1], "the address that LiteLLM reads there", _SAMPLE_URL)
    else:
        url = literal(given.rstrip("/"))
    if row is not None and row.name == "azure" and "/openai/v1" not in url:
        url = f"{url}/openai/v1"
    elif row is not None and row.keyless and not found and not _VERSIONED.search(url):
        url = f"{url}/v1"
    if place is not None:
        _tell(place, url, given, findings)
    return None if row is not None and url == row.base_url else url


def headers_of(params: dict[str, Place], findings: Findings) -> tuple[tuple[str, str], ...]:
    """The headers that go with every request; secrets among them become variables."""
    headers: dict[str, str] = {}
    organization = params.get("organization")
    if organization is not None and organization.text():
        headers["OpenAI-Organization"] = _value(organization, "OPENAI_ORGANIZATION", findings)
    for name in ("extra_headers", "headers", "default_headers"):
        if name in params:
            for header, place in params[name].entries():
                headers[header] = _value(place, f"{variable_of(header)}_HEADER", findings)
    return tuple(headers.items())


def _value(place: Place, variable: str, findings: Findings) -> str:
    given, name = place.text() or "", place.path[-1]
    found = VARIABLE.fullmatch(given)
    if not found and _SECRET_HEADER.search(str(name)):
        findings.changed(
            place.path, "a header of the provider; put what stands here into a variable"
        )
        told = f"the header `{show(str(name))}`, which stands in the file in the clear"
        return findings.needs(variable, told)
    findings.carried(place.path, "a header of the provider")
    return findings.needs(found[1], f"the header `{show(str(name))}`") if found else literal(given)


def _tell(place: Place, url: str, given: str, findings: Findings) -> None:
    if VARIABLE.fullmatch(given):
        findings.changed(place.path, f"`base_url`: {url}; check where it ends, with a version")
    elif url == literal(given):
        findings.carried(place.path, "`base_url`")
    else:
        findings.changed(place.path, "`base_url`, ending as Madang wants it")


def _is_its_own(spot: Spot) -> bool:
    """Whether the address is the vendor's, or any is: a server of one's own, an Azure resource."""
    row = spot.row
    if row is None:
        return False
    if spot.base_url is None or row.base_url is None or row.keyless:
        return True
    return _host(spot.base_url) == _host(row.base_url)


def _name_of_address(spot: Spot) -> str:
    home = spot.row.name if spot.row else "own"
    host = _host(spot.base_url or "")
    name = _NOT_A_NAME.sub("-", host).strip(".-_")[:_MAX_NAME].strip(".-_")
    return name or f"{home}-own"


def _host(url: str) -> str:
    """Host and port of a URL; nothing for one that is none, or that is read from a variable."""
    try:
        parts = urlsplit(url)
        port = f"-{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.hostname or ''}{port}"
