"""Pages in browsers: who may read answers, by the headers that the Fetch standard looks for."""

import pytest
from server_sockets import asking

PAGE = "https://chat.example"
BEFOREHAND = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


def ask(gateway, key="", origin=PAGE, method="POST", path="/v1/chat/completions", **headers):
    body = asking("oa/browser") if method == "POST" else None
    return gateway.call(method, path, key, json=body, headers={"origin": origin, **headers})


def test_a_page_that_may_ask_is_told_so_beforehand_and_reads_answers_and_refusals(own_gateway):
    gateway = own_gateway(server={"origins": [PAGE]})
    key = gateway.make_key(expires="1h")[1]
    told = ask(gateway, method="OPTIONS", **BEFOREHAND)
    assert told.status_code == 204
    assert told.headers["access-control-allow-origin"] == PAGE
    assert told.headers["access-control-allow-methods"] == "POST"
    assert told.headers["access-control-allow-headers"] == "authorization,content-type"
    for answer in (ask(gateway, key), ask(gateway, "mdg_wrong"), ask(gateway, key, path="/none")):
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["vary"] == "origin"
    assert "x-madang-key-expires" in ask(gateway, key).headers


def test_no_other_page_may_and_none_the_administration(own_gateway):
    gateway = own_gateway(server={"origins": [PAGE]})
    for origin in ("https://evil.example", f"{PAGE}.evil.example", "null"):
        assert "access-control-allow-origin" not in ask(gateway, origin=origin).headers
        beforehand = ask(gateway, origin=origin, method="OPTIONS", **BEFOREHAND)
        assert beforehand.status_code == 405
    assert "access-control-allow-origin" not in ask(gateway, method="GET", path="/api/keys").headers


def test_unless_said_otherwise_no_page_may(gateway, key):
    assert "access-control-allow-origin" not in ask(gateway, key).headers


def test_any_page_may_where_that_is_said(own_gateway):
    gateway = own_gateway(server={"origins": ["*"]})
    answer = ask(gateway, method="GET", path="/healthz", origin="http://localhost:3000")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


@pytest.mark.parametrize("stream", [False, True])
def test_a_stream_may_be_read_like_an_answer(own_gateway, stream):
    gateway = own_gateway(server={"origins": [PAGE]})
    body = {**asking("oa/browser"), "stream": stream}
    headers = {"origin": PAGE}
    key = gateway.make_key()[1]
    answer = gateway.call("POST", "/v1/chat/completions", key, json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
