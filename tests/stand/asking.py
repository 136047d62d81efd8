"""Requests between dialects, the short way."""

import json

from madang.model import Message, Request, Text


def foreign(**members):
    """A request that came in another dialect: one short message, where nothing else is said."""
    hello = (Message("user", (Text("hello"),)),)
    return Request(**{"dialect": "chat", "model": "any", "messages": hello, **members})


def rendered(wire, request, model):
    """Body and losses of a request, written for a model."""
    written = wire.write_request(request, model)
    return json.loads(written.body), set(written.losses)
