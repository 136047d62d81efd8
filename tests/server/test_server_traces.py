"""A caller's trace: kept in the ledger, told to providers only where that is configured."""

import pytest
from server_gateway import settings
from test_server_canary import ask

HEADERS = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "rojo=1",
}


@pytest.fixture
def traced(own_gateway, provider):
    """A gateway whose provider `oa` gets callers' traces, and `hasty-oa` not."""
    config = settings(provider.port)
    config["providers"]["oa"]["trace"] = "pass"
    targets = {"told": "oa/told", "untold": "hasty-oa/untold"}
    config["models"] = {name: {"targets": [target]} for name, target in targets.items()}
    return own_gateway(**config)


def test_a_trace_is_in_the_first_row_and_goes_only_where_it_may(traced, provider):
    key = traced.make_key()[1]
    for model in ("told", "untold"):
        request_id = ask(traced, key, model, headers=HEADERS).headers["x-request-id"]
        row = traced.story(request_id)["attempts"][0]
        assert {name: row[name] for name in HEADERS} == HEADERS
    told, untold = (dict(provider.asked[name][-1].headers) for name in ("told", "untold"))
    assert {name: told[name] for name in HEADERS} == HEADERS
    assert not HEADERS.keys() & untold.keys()


def test_a_header_that_is_no_trace_is_as_if_it_were_not_there(traced, provider):
    key = traced.make_key()[1]
    wrong = {**HEADERS, "traceparent": "00-0-0-01"}
    request_id = ask(traced, key, "told", headers=wrong).headers["x-request-id"]
    assert traced.story(request_id)["attempts"][0]["traceparent"] is None
    assert "tracestate" not in dict(provider.asked["told"][-1].headers)
