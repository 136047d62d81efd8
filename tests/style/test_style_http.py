"""The page about HTTP names every path, operation, header and kind of error that exists."""

import re
from functools import cache
from typing import get_args

import pytest
from style_source import ROOT

from madang.errors import Kind, MadangError
from madang.server.administration import table
from madang.server.administration.table import OPERATIONS
from madang.server.paths import find, listed
from madang.wire.registry import WIRES

NOT_FROM_GENERATION = {405, 409}
"""Statuses of other methods, and of the administration."""

PAGE = (ROOT / "docs" / "http.md").read_text()
openapi = cache(table.openapi)


@pytest.mark.parametrize("path", listed())
def test_every_public_path_is_explained(path):
    assert f"{path}`" in PAGE or f"{path}?" in PAGE


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_every_administrative_operation_is_explained(operation):
    assert f"{operation.method} {operation.path}`" in PAGE


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_error_is_explained(kind):
    assert f"| `{kind}` | " in PAGE


def test_every_header_of_ours_is_explained():
    sources = (ROOT / "src" / "madang").rglob("*.py")
    headers = {
        name for file in sources for name in re.findall(r"x-madang-[a-z-]+[a-z]", file.read_text())
    }
    assert headers
    assert {name for name in headers if name not in PAGE} == set()


def test_the_openapi_document_describes_the_same_paths():
    assert set(openapi()["paths"]) == {*listed(), *(operation.path for operation in OPERATIONS)}


@pytest.mark.parametrize("path", listed())
def test_the_openapi_document_describes_every_method(path):
    methods = {method.lower() for method in find(path).methods} - {"head"}
    assert openapi()["paths"][path].keys() == methods


@pytest.mark.parametrize("path", [path for path in listed() if find(path).name == "generate"])
def test_the_openapi_document_has_every_status_of_a_dialect(path):
    """Each kind of error, as the dialect of the path writes it."""
    documented = openapi()["paths"][path]["post"]["responses"].keys()
    errors = [type("Some", (MadangError,), {"kind": kind})("why") for kind in get_args(Kind)]
    written = {WIRES[find(path).dialect].write_error(error)[0] for error in errors}
    assert {str(status) for status in written - NOT_FROM_GENERATION} <= documented
