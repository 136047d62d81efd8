"""What is asked for: one drama of a batch, as its maker wrote it down."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Aspect = Literal["9:16", "16:9", "1:1"]
Gate = Literal["script", "storyboard", "clips"]
"""Where the work stops until a person approves."""

Words = Annotated[str, Meta(min_length=1, max_length=2_000)]
Language = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)",
        max_length=35,
        description="the tag of a language, such as ko, en or zh-Hant",
    ),
]
"""A tag of a language (RFC 5646). It is part of names of files."""


class Brief(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One drama that is wanted. Durations are minutes, budgets dollars.

    `language` is what is spoken; `captions` are the languages of caption files, `burned` the one
    that is part of the picture (None: none). `urgency` high: choose models that answer within a
    minute. `seed` makes everything that can be made again the same.
    """

    theme: Words
    genre: Annotated[str, Meta(min_length=1, max_length=40)] = "drama"
    character: Annotated[str, Meta(max_length=500)] | None = None
    setting: Annotated[str, Meta(max_length=500)] | None = None
    minutes: Annotated[float, Meta(gt=0, le=60)] = 1.0
    language: Language = "en"
    captions: Annotated[tuple[Language, ...], Meta(max_length=40)] = ()
    burned: Language | None = None
    aspect: Aspect = "9:16"
    exports: Annotated[tuple[Aspect, ...], Meta(max_length=3)] = ()
    gates: Annotated[tuple[Gate, ...], Meta(max_length=3)] = ()
    budget_usd: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    urgency: Literal["low", "normal", "high"] = "normal"
    video: Annotated[str, Meta(min_length=1, max_length=200)] = "video:auto"
    speech: Annotated[str, Meta(min_length=1, max_length=200)] = "speech:auto"
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 1
