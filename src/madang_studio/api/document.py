"""The OpenAPI document, made of the table of operations."""

import re
from typing import Any, Final

import msgspec

from madang_studio.api.desk import PATH
from madang_studio.api.operations import OPERATIONS, Operation
from madang_studio.api.words import Failure
from madang_studio.store.events import Event

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")
_FAILURES: Final = {
    "400": "The request makes no sense; the message says what is wrong.",
    "401": "The key is missing or wrong.",
    "404": "There is no such thing.",
    "409": "That does not go with how it stands.",
    "413": "The body is too large.",
}


def document() -> Json:
    """The whole document, of OpenAPI 3.1."""
    types = [it.gives for it in OPERATIONS] + [it.takes for it in OPERATIONS if it.takes]
    schemas, components = msgspec.json.schema_components(
        [*types, Failure, Event], ref_template=_REF
    )
    gives = dict(zip((it.name for it in OPERATIONS), schemas, strict=False))
    takers = (it.name for it in OPERATIONS if it.takes)
    takes = dict(zip(takers, schemas[len(OPERATIONS) :], strict=False))
    paths: Json = {}
    for one in OPERATIONS:
        told = _operation(one, gives[one.name], takes.get(one.name))
        paths.setdefault(one.path, {})[one.method.lower()] = told
    paths |= _others()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Madang Studio", "version": "1"},
        "security": [{"bearer": []}, {"header": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def _operation(one: Operation, gives: Json, takes: Json | None) -> Json:
    told: Json = {
        "operationId": one.name,
        "summary": one.about,
        "parameters": [*_in_path(one.path), *(_in_query(name) for name in one.query)],
        "responses": {
            str(one.status): {
                "description": "Done.",
                "content": {"application/json": {"schema": gives}},
            },
            **_failures(),
        },
    }
    if takes is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": takes}}}
    return told


def _others() -> Json:
    """What answers with something else than a record."""
    file = {"description": "The file.", "content": {"application/octet-stream": {}}}
    events = {"description": "Events, as they come.", "content": {"text/event-stream": {}}}
    path = f"{PATH}/dramas/{{drama}}/files/{{name}}"
    last = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}
    return {
        path: {
            "get": {
                "operationId": "getFile",
                "summary": "A file of a drama; parts of it with Range.",
                "parameters": _in_path(path),
                "responses": {
                    "200": file,
                    "206": file,
                    "416": {"description": "No such part."},
                    **_failures(),
                },
            }
        },
        f"{PATH}/events": {
            "get": {
                "operationId": "events",
                "summary": "What happens, as server-sent events; the data of each is an Event.",
                "parameters": [_in_query("drama"), last],
                "responses": {"200": events, **_failures()},
            }
        },
        f"{PATH}/openapi.json": {
            "get": {
                "operationId": "document",
                "summary": "This document.",
                "security": [],
                "responses": {
                    "200": {"description": "OpenAPI.", "content": {"application/json": {}}}
                },
            }
        },
    }


def _in_path(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]


def _in_query(name: str) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


def _failures() -> Json:
    content = {"application/json": {"schema": {"$ref": _REF.format(name="Failure")}}}
    return {
        status: {"description": words, "content": content} for status, words in _FAILURES.items()
    }
