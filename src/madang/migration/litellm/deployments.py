"""The section `model_list`: entries as targets, and the providers, paces and prices that go with them."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from madang.catalog import Catalog
from madang.config.problems import Path
from madang.migration.findings import Findings
from madang.migration.litellm.fates import DEPLOYMENT, INFO
from madang.migration.litellm.pricing import is_price, price_of
from madang.migration.litellm.suppliers import (
    VARIABLE,
    Spot,
    Suppliers,
    base_url_of,
    headers_of,
)
from madang.migration.litellm.vendors import Vendor, vendor_of
from madang.migration.place import Place
from madang.model import EMBEDDING, MEDIA, Feature
from madang.wire.media.registry import MEDIA as WIRES

_TEXT: Final = "text"
_WORKS: Final[Mapping[str, str]] = {
    "chat": _TEXT,
    "completion": _TEXT,
    "responses": _TEXT,
    "embedding": "embeddings",
    "image_generation": "images",
    "audio_speech": "speech",
    "audio_transcription": "transcriptions",
    "video_generation": "videos",
}
"""What a model does, by LiteLLM's `mode`."""

_PACES: Final[Mapping[str, str]] = {
    "rpm": "rpm",
    "tpm": "tpm",
    "max_parallel_requests": "concurrency",
}
_TIMEOUTS: Final[Mapping[str, str]] = {"timeout": "total_s", "stream_timeout": "first_byte_s"}
_MOST_S = 86_400
_MODEL = re.compile(r"[!-#%-~]{1,256}")  # all but a space and the dollar sign of variables
_FEATURES: Final[Mapping[str, Feature]] = {
    "supports_function_calling": "tools",
    "supports_parallel_function_calling": "parallel_tools",
    "supports_vision": "images",
    "supports_pdf_input": "documents",
    "supports_audio_input": "audio_input",
    "supports_audio_output": "audio_output",
    "supports_video_input": "video_input",
    "supports_response_schema": "json_schema",
    "supports_reasoning": "thinking",
    "supports_prompt_caching": "cache",
    "supports_system_messages": "system",
}
_BOUNDS: Final[Mapping[str, str]] = {
    "max_input_tokens": "context_window",
    "max_output_tokens": "max_output",
}


class Deployment(Struct):
    """One entry that became a target: at a provider, under its own id there.

    `weights` holds what LiteLLM may share requests by: `weight`, `rpm`, `tpm`. `order` is its tier.
    `places`: where those two stand in the file. `work`: what it makes, a word of `_WORKS`.
    """

    name: str
    target: str
    path: Path
    id: str | None = None
    weights: dict[str, Decimal] = field(default_factory=dict)
    order: int = 0
    places: dict[str, Place] = field(default_factory=dict)
    work: str = _TEXT
    features: dict[Feature, bool] = field(default_factory=dict)
    bounds: dict[str, int] = field(default_factory=dict)


class Fleet:
    """All entries: `deployments` in the order of the file, `prices`, and the providers they are at.

    `entries`: where the entries of each provider stand. `taken`: see `Suppliers`.
    """

    def __init__(self, catalog: Catalog, findings: Findings, taken: Collection[str] = ()) -> None:
        self.deployments: list[Deployment] = []
        self.prices: list[dict[str, Any]] = []
        self.entries: dict[str, list[Path]] = {}
        self.suppliers = Suppliers(findings, taken)
        self._catalog = catalog
        self._findings = findings

    def read(self, model_list: Place, credentials: Mapping[str, dict[str, Place]]) -> None:
        """Every entry of the list; those that cannot be carried over are told."""
        for entry in model_list.items():
            place = entry.get("litellm_params") or entry
            params = dict(place.entries())
            name = params.get("litellm_credential_name")
            params = {**credentials.get((name.text() or "") if name else "", {}), **params}
            self._entry(entry, params)

    def _entry(self, entry: Place, params: dict[str, Place]) -> None:
        found = self._where(entry, params)
        if isinstance(found, str):
            self._findings.left(entry.path, f"not served: {found}")
            return
        name, vendor = found
        info = dict(info_at.entries()) if (info_at := entry.get("model_info")) else {}
        provider = self.suppliers.name_of(self._spot(params, vendor))
        self.entries.setdefault(provider, []).append(entry.path)
        self._findings.carried((*entry.path, "model_name"))
        self._findings.carried(params["model"].path, f"target `{provider}/{vendor.model}`")
        self._findings.tell(params, DEPLOYMENT)
        self._findings.tell(info, INFO)
        figures = {key: at for key, at in {**info, **params}.items() if is_price(key)}
        self._price(provider, vendor.model, figures)
        self._pace(provider, vendor.model, entry, params)
        self._timeouts(provider, params)
        if "drop_params" in params:
            self._lossy(provider, params["drop_params"])
        if name.endswith("*") or vendor.model.endswith("*"):
            self._wildcard(provider, name, entry)
            return
        mode = info.get("mode")
        work = self._work(vendor, mode.text() if mode else None)
        self._makes(provider, vendor, work)
        made = Deployment(name, f"{provider}/{vendor.model}", entry.path, work=work)
        self._fill(made, entry, params, info)
        self.deployments.append(made)

    def _where(self, entry: Place, params: dict[str, Place]) -> tuple[str, Vendor] | str:
        """The name that callers ask for, and who serves it; or why it cannot be carried over."""
        named, model = entry.get("model_name"), params.get("model")
        name, asked = (place.text() if place else None for place in (named, model))
        if not name or not asked:
            return "it has no `model_name` or no `litellm_params.model`"
        if not fits(name):
            return (
                "a model's name is up to 256 printable ASCII characters without spaces and `$` here"
            )
        mode_at = (entry.get("model_info") or entry).get("mode")
        mode = mode_at.text() if mode_at else None
        if mode is not None and mode not in _WORKS:
            return "Madang serves text, embeddings, pictures, speech, transcripts and clips"
        custom = params.get("custom_llm_provider")
        found = vendor_of(asked, custom.text() if custom else None, self._catalog)
        if isinstance(found, str):
            return found
        if not fits(found.model):
            return "the model's id there holds what no id has"
        if found.row is None and not (params.get("api_base") or params.get("base_url")):
            return "it has no `api_base`"
        work = self._work(found, mode)
        if work in MEDIA and not _can_make(found.row.kind if found.row else "openai", work):
            return f"Madang asks this provider for no {work}"
        return name, found

    def _spot(self, params: dict[str, Place], vendor: Vendor) -> Spot:
        address = params.get("api_base") or params.get("base_url")
        key_at, region_at = params.get("api_key"), params.get("region_name")
        key = key_at.text() if key_at else None
        if key_at and key:
            self._tell_key(key_at, key)
        elif address is None and vendor.row is not None and vendor.row.env:
            key = f"os.environ/{vendor.row.env[0]}"  # where LiteLLM looks, too
        if region_at:
            self._findings.carried(region_at.path, "`region` of the provider")
        return Spot(
            vendor.row,
            base_url_of(address, vendor.row, self._findings),
            key,
            region_at.text() if region_at else None,
            headers_of(params, self._findings),
        )

    def _tell_key(self, place: Place, key: str) -> None:
        if VARIABLE.fullmatch(key):
            self._findings.carried(place.path, "the same variable")
            return
        told = "the key stands here in the clear: put it into the variable, then replace it at the provider"
        self._findings.changed(place.path, told)

    def _price(self, provider: str, model: str, places: dict[str, Place]) -> None:
        figures = price_of(places, self._findings)
        if figures is None:
            return
        row = {"provider": provider, "model": model, **figures}
        same = [one for one in self.prices if (one["provider"], one["model"]) == (provider, model)]
        if not same:
            self.prices.append(row)
        elif same[0] != row:
            for place in places.values():
                self._findings.left(
                    place.path, "an entry above gives the same target another price"
                )

    def _pace(self, provider: str, model: str, entry: Place, params: dict[str, Place]) -> None:
        """Limits of a target; those of several entries of the same target add up."""
        for name, ours in _PACES.items():
            place = params.get(name) or entry.get(name)
            if place is None:
                continue
            amount = place.whole()
            if not amount or amount > 10**9:
                self._findings.left(place.path, "this is no limit")
                continue
            paces = self.suppliers.sections[provider].setdefault("limits", {})
            pace = paces.setdefault(model, {})
            pace[ours] = pace.get(ours, 0) + amount
            self._findings.carried(place.path, f"`limits` of provider `{provider}`: {ours}")

    def _timeouts(self, provider: str, params: dict[str, Place]) -> None:
        """Time-outs of a provider: the longest of its targets counts."""
        for name, ours in _TIMEOUTS.items():
            place = params.get(name)
            if place is None:
                continue
            seconds = place.figure()
            if not seconds or seconds > _MOST_S:
                self._findings.left(place.path, f"give provider `{provider}` `timeouts`")
                continue
            timeouts = self.suppliers.sections[provider].setdefault("timeouts", {})
            timeouts[ours] = max(seconds, timeouts.get(ours, seconds))
            told = f"`timeouts.{ours}` of provider `{provider}`, for all its models: the longest counts"
            self._findings.changed(place.path, told)

    def _lossy(self, provider: str, place: Place) -> None:
        if place.truth():
            self.suppliers.sections[provider]["lossy"] = "allow"
            self._findings.changed(place.path, f"`lossy: allow` of provider `{provider}`")
        else:
            self._findings.carried(place.path, "callers are told what a target cannot do")

    def _wildcard(self, provider: str, name: str, entry: Place) -> None:
        """`openai/*`: the provider serves every model under its own name."""
        self.suppliers.sections[provider]["serves"] = "all"
        told = f"`serves: all` of provider `{provider}`: callers ask for `{provider}/MODEL`, or the model alone"
        path = (*entry.path, "model_name")
        if name in ("*", f"{provider}/*"):
            self._findings.carried(path, told)
        else:
            self._findings.changed(path, told)

    def _work(self, vendor: Vendor, mode: str | None) -> str:
        """What a model does: as the catalogue says where it knows it, else as the file does."""
        known = self._catalog.find(f"{vendor.row.name}/{vendor.model}") if vendor.row else None
        if known is None:
            return _WORKS.get(mode or "", _TEXT)
        return "embeddings" if known.api in EMBEDDING else known.makes

    def _makes(self, provider: str, vendor: Vendor, work: str) -> None:
        """`makes` of the provider: media of a model that the catalogue does not know there."""
        if work not in MEDIA:
            return
        if self._catalog.find(f"{provider}/{vendor.model}") is None:
            made = self.suppliers.sections[provider].setdefault("makes", {}).setdefault(work, [])
            if vendor.model not in made:
                made.append(vendor.model)

    def _fill(
        self, made: Deployment, entry: Place, params: dict[str, Place], info: dict[str, Place]
    ) -> None:
        """What else an entry says of its target."""
        id_at, order_at = info.get("id"), params.get("order")
        made.id = id_at.text() if id_at else None
        if order_at:
            made.order = order_at.whole() or 0
        made.places = {name: params[name] for name in ("weight", "order") if name in params}
        for name in ("weight", "rpm", "tpm"):
            place = params.get(name) or entry.get(name)
            figure = place.figure() if place else None
            if figure is not None:
                made.weights[name] = figure
        self._abilities(made, {**params, **info})

    def _abilities(self, made: Deployment, places: dict[str, Place]) -> None:
        for name, place in places.items():
            if name in _FEATURES and (can := place.truth()) is not None:
                made.features[_FEATURES[name]] = can
                self._findings.carried(place.path, f"`features`: {_FEATURES[name]}")
            elif name in _BOUNDS and (tokens := place.whole()) and tokens <= 10**9:
                made.bounds[_BOUNDS[name]] = tokens
                self._findings.changed(place.path, f"`{_BOUNDS[name]}` of the model")


def _can_make(kind: str, work: str) -> bool:
    """Whether providers of a kind are asked for this work."""
    wires = WIRES.get(kind)
    return wires is not None and getattr(wires, work) is not None


def fits(model: str) -> bool:
    """Whether Madang takes it for the name of a model."""
    return _MODEL.fullmatch(model) is not None
