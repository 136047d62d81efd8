"""Reaching providers: each way to fail is told apart, by real sockets, and says what to do."""

import asyncio
import socket
import ssl
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from madang import catalog
from madang.config.sections.providers import Provider, Timeouts
from madang.drills.doctor.reach import PATIENCE, reach
from madang.drills.testbed import SimulatedProviders
from madang.upstream.providers import build_providers

CERTIFICATE = Path(__file__).parents[1] / "upstream" / "server.pem"
CATALOG = catalog.load()


def look(url, patience=PATIENCE, environ=None, **given):
    """What was found of one provider at this address."""
    settings = Provider(**({"kind": "openai", "base_url": url, "api_key": "sk-secret"} | given))
    providers = build_providers({"mine": settings}, CATALOG)
    findings = asyncio.run(reach(providers.values(), environ or {}, patience))
    assert not any("secret" in f"{finding}" for finding in findings)
    return findings


@contextmanager
def answering(answer, context=None):
    """A server that says `answer` to whoever connects, and where it is."""

    def serve():
        caller, _ = listener.accept()
        with caller:
            try:
                speaker = context.wrap_socket(caller, server_side=True) if context else caller
                speaker.recv(65536)
                speaker.sendall(answer)
            except OSError:
                return  # the caller did not like the certificate

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("kind", ["openai", "anthropic", "gemini"])
def test_a_provider_that_takes_the_key_is_in_order(kind):
    with SimulatedProviders(["sim"]) as simulated:
        (finding,) = look(f"{simulated.urls['sim']}/v1", kind=kind)
    assert (finding.state, finding.advice) == ("ok", None)
    assert finding.connect_ms >= 0
    assert finding.first_byte_ms >= 0


@pytest.mark.parametrize(
    ("status", "state", "said", "advised"),
    [
        (401, "broken", "refuses the key", "new key"),
        (402, "broken", "no credit", "Pay in"),
        (403, "broken", "forbids", "rights"),
        (404, "warning", "no list of models", "base_url"),
        (418, "broken", "refuses the call", "base_url"),
        (429, "warning", "takes the key", ""),
        (307, "broken", "points elsewhere", "base_url"),
        (503, "broken", "fails", "status page"),
    ],
)
def test_a_status_is_told_in_words_with_advice(status, state, said, advised):
    head = f"HTTP/1.1 {status} X\r\nlocation: http://x\r\ncontent-length: 0\r\n\r\n"
    with answering(head.encode()) as address:
        (finding,) = look(f"http://{address}/v1")
    assert (finding.state, f"status {status}" in finding.detail) == (state, True)
    assert said in finding.detail
    assert advised in (finding.advice or "")


def test_a_provider_that_wants_a_key_where_none_is_configured_is_no_matter_of_a_new_one():
    with SimulatedProviders(["sim"]) as simulated:
        (finding,) = look(f"{simulated.urls['sim']}/v1", api_key=None)
    assert "none is configured" in finding.detail
    assert "`api_key`" in finding.advice


def test_every_key_is_tried_and_the_bad_one_named():
    with SimulatedProviders(["sim"]) as simulated:
        keys = ("good-secret", "invalid-secret", "good-too-secret")
        findings = look(f"{simulated.urls['sim']}/v1", api_key=None, api_keys=keys)
    assert [(f.what, f.state) for f in findings] == [
        ("provider mine, key 1 of 3", "ok"),
        ("provider mine, key 2 of 3", "broken"),
        ("provider mine, key 3 of 3", "ok"),
    ]


def test_nobody_there():
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        (finding,) = look(f"http://127.0.0.1:{held.getsockname()[1]}/v1")
    assert finding.state == "broken"
    assert "refuses the connection" in finding.detail


def test_a_name_that_does_not_resolve():
    (finding,) = look("http://no-such-host.invalid/v1")
    assert "does not resolve" in finding.detail
    assert "DNS" in finding.advice


def test_silence():
    patience = Timeouts(connect_s=1, first_byte_s=0.05, total_s=2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (finding,) = look(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", patience)
    assert "does not answer in time" in finding.detail


def test_a_certificate_that_nobody_vouches_for():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with answering(b"", context) as address:
        (finding,) = look(f"https://{address}/v1")
    assert "certificate that is not trusted" in finding.detail
    assert "SSL_CERT_FILE" in finding.advice


@pytest.mark.parametrize(
    ("scheme", "answer", "said"),
    [
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS"),
        ("http", b"SSH-2.0-OpenSSH_9.9\r\n", "no proper HTTP answer"),
        ("http", b"", "cannot be reached"),
        ("http", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "no proper HTTP answer"),
    ],
)
def test_something_else_listens_there(scheme, answer, said):
    with answering(answer) as address:
        (finding,) = look(f"{scheme}://{address}/v1")
    assert finding.state == "broken"
    assert said in finding.detail


def test_a_proxy_that_is_not_there_is_told_apart_from_the_provider():
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{held.getsockname()[1]}"
        environ = {"http_proxy": f"http://user:secret@{proxy}"}
        (finding,) = look("http://provider.example/v1", environ=environ)
    assert finding.state == "broken"
    assert f"through the proxy {proxy}" in finding.detail
    assert "NO_PROXY" in finding.advice
