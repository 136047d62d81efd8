"""The data files of the catalogue: every scalar is read as text, and converted by the type it is for."""

from importlib.resources import files
from typing import Any, TypeVar

import msgspec
import yaml

from madang.catalog.rows import CatalogError

T = TypeVar("T")
LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def text_of(file: str) -> str:
    """The text of a file that comes with Madang."""
    return files("madang.catalog").joinpath(file).read_text("utf-8")


def read(file: str, text: str, kind: type[T]) -> T:
    """What a text says. Raises CatalogError that names the file, and the row where `kind` has rows."""
    try:
        return msgspec.convert(yaml.load(text, Loader=LOADER), kind, strict=False)  # noqa: S506 - text only
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise CatalogError(f"{file}: {error}") from error
