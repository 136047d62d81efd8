"""What is known of providers, models and prices: rows of data, and the index over them."""

from madang.catalog.index import Catalog
from madang.catalog.loading import load, parse
from madang.catalog.names import nearest
from madang.catalog.rows import (
    Auth,
    CatalogError,
    Makes,
    ModelRow,
    ProviderRow,
)
from madang.model import PriceRow

__all__ = [
    "Auth",
    "Catalog",
    "CatalogError",
    "Makes",
    "ModelRow",
    "PriceRow",
    "ProviderRow",
    "load",
    "nearest",
    "parse",
]
