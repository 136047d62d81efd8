"""Webhooks, Slack and mail, as real receivers see them; and the addresses that nothing is sent to."""

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from email import message_from_bytes, policy
from functools import partial

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError
from watch_receivers import receiver

from madang.config.sections.alerts import Channel, Mail
from madang.upstream.public import is_public
from madang.watch.channels.address import Undeliverable, resolved
from madang.watch.channels.courier import Courier, deliver
from madang.watch.channels.message import Message
from madang.watch.channels.webhook import MAX_BODY_BYTES, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = Message(
    id="alr_1",
    type="alert.firing",
    at="2026-11-20T09:15:00Z",
    title="CRITICAL: <x> & y",
    text="two\nlines",
)


def hook(url, **more):
    return Channel(webhook=url, secret=SECRET, allow_private=True, **more)


@pytest.fixture
def courier():
    courier = Courier(pause=lambda failures: 0.01)
    yield courier
    courier.stop()


def test_the_signature_is_the_one_of_the_specification():
    """The example of standardwebhooks' own tests."""
    body = b'{"test": 2432232314}'
    headers = signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_is_verified_by_the_official_library():
    with receiver() as hooks:
        deliver(hook(f"{hooks.url}/in?a=b"), MESSAGE, time.time())
    got = hooks.got[0]
    told = Webhook(SECRET).verify(got.body, got.headers)
    assert (got.path, told["type"], told["data"]["title"]) == (
        "/in?a=b",
        MESSAGE.type,
        MESSAGE.title,
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body + b" ", got.headers)


def test_what_fails_is_tried_again_under_the_same_id(courier):
    with receiver(500, 429, 200) as hooks:
        courier.configure({"ops": hook(hooks.url)})
        courier.send(["ops"], MESSAGE)
        got = hooks.wait(lambda got: len(got) == 3)
    assert {one.headers["webhook-id"] for one in got} == {"alr_1"}
    assert courier.lost == {}


@pytest.mark.parametrize("status", [400, 401, 404, 410, 301, 302, 307])
def test_a_refusal_that_stays_is_not_repeated_and_a_redirect_not_followed(status):
    refusal = pytest.raises(Undeliverable, match=f"answered {status}")
    with (
        receiver(status, headers=[("location", "http://127.0.0.1:1/")]) as hooks,
        refusal as caught,
    ):
        deliver(hook(hooks.url), MESSAGE, time.time())
    assert caught.value.final
    assert len(hooks.got) == 1


def test_a_slow_or_dead_channel_keeps_no_other_waiting(courier):
    with receiver() as hooks:
        dead = hook("http://127.0.0.1:9/")
        courier.configure({"dead": dead, "ops": hook(hooks.url)})
        courier.send([], MESSAGE)
        hooks.wait(len)


def test_a_body_has_a_bound():
    long = Message(
        id="a", type="t", at="now", title="T", text="x" * 10, data={"report": "y" * 200_000}
    )
    with receiver() as hooks:
        deliver(hook(hooks.url), long, time.time())
    assert len(hooks.got[0].body) <= MAX_BODY_BYTES
    assert json.loads(hooks.got[0].body)["data"]["cut"] is True


def test_slack_gets_its_shape_with_its_marks_escaped():
    with receiver() as hooks:
        deliver(Channel(slack=f"{hooks.url}/services/x", allow_private=True), MESSAGE, time.time())
    assert json.loads(hooks.got[0].body) == {"text": "*CRITICAL: &lt;x&gt; &amp; y*\ntwo\nlines"}


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "localhost",
            "[::1]",
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
        ),
        *(
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[fe80::1]",
            "[fd00::1]",
            "2130706433",
            "0x7f.1",
        ),
    ],
)
def test_a_private_address_is_refused_however_it_is_written(host):
    with receiver() as hooks:
        port = hooks.server.server_port
        channel = Channel(webhook=f"http://{host}:{port}/", secret=SECRET)
        with pytest.raises(Undeliverable) as caught:
            deliver(channel, MESSAGE, time.time())
    assert hooks.got == []
    assert caught.value.final
    assert "allow_private" in caught.value.message


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(("8.8.8.8", True), ("2606:4700::1111", True), ("64:ff9b::808:808", True)),
        *(("::ffff:8.8.8.8", True), ("100.64.0.1", False), ("224.0.0.1", False), ("::", False)),
        *(("2002:7f00:1::", False), ("fe80::1%eth0", False), ("255.255.255.255", False)),
        *(("198.18.0.1", False), ("ff02::1", False), ("192.0.2.1", False)),
        *(("64:ff9b:1::7f00:1", False), ("::127.0.0.1", False), ("::ffff:0:7f00:1", False)),
        *(("fec0::1", False), ("3fff::1", False), ("192.0.0.8", False), ("192.88.99.1", False)),
    ],
)
def test_what_is_of_the_public_internet(address, public):
    assert is_public(address) is public


def test_a_name_that_changes_after_it_was_judged_gains_nothing(monkeypatch):
    """The judged address is dialled: the name is looked up once, and once only."""
    real, asked = socket.getaddrinfo, []

    def rebinding(host, port, *args, **kwargs):
        if host != "rebind.example":
            return real(host, port, *args, **kwargs)
        asked.append(host)
        address = "203.0.114.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert resolved("rebind.example", 80, allow_private=False) == ["203.0.114.1"]
    with pytest.raises(Undeliverable, match="private"):
        resolved("rebind.example", 80, allow_private=False)
    assert len(asked) == 2


def test_secrets_are_in_no_message_and_no_print():
    channel = Channel(webhook="http://127.0.0.1:9/tok-SECRET", secret=SECRET, allow_private=True)
    with pytest.raises(Undeliverable) as caught:
        deliver(channel, MESSAGE, time.time())
    assert "SECRET" not in caught.value.message
    mail = Mail(to=("a@b",), sender="c@d", host="h", user="u", password="pw-SECRET")
    assert "SECRET" not in repr(channel) + repr(mail)
    assert SECRET not in repr(channel)


class Mailbox:
    """What an SMTP server has taken."""

    def __init__(self):
        self.got = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.got.append(
            (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default))
        )
        return "250 taken"


@pytest.fixture
def smtp():
    """Starts SMTP servers, on a loop of their own; all are stopped afterwards."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers = []

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    def start(**options):
        box = Mailbox()
        make = partial(SMTP, box, loop=loop, hostname="test", **options)
        servers.append(run(loop.create_server(make, "127.0.0.1", 0)))
        return box, servers[-1].sockets[0].getsockname()[1]

    yield start
    for server in servers:
        loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_mail_arrives_as_text_and_html(smtp):
    box, port = smtp()
    mail = Mail(
        to=("ops@example.com",),
        sender="m@example.com",
        host="127.0.0.1",
        port=port,
        security="none",
    )
    message = Message(
        id="rep_1", type="report.daily", at="", title="A\nreport", text="plain", html="<b>rich</b>"
    )
    deliver(Channel(email=mail, allow_private=True), message, time.time())
    recipients, got = box.got[0]
    assert (recipients, got["subject"], got["message-id"]) == (
        ["ops@example.com"],
        "A report",
        "<rep_1@example.com>",
    )
    assert "plain" in got.get_body(("plain",)).get_content()
    assert "<b>rich</b>" in got.get_body(("html",)).get_content()


def test_mail_to_a_private_server_is_refused_by_default(smtp):
    box, port = smtp()
    mail = Mail(to=("a@b.c",), sender="m@b.c", host="localhost", port=port, security="none")
    with pytest.raises(Undeliverable, match="allow_private"):
        deliver(Channel(email=mail), MESSAGE, time.time())
    assert box.got == []


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certificate for `localhost` that a client may be told to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def test_mail_speaks_tls_before_it_says_its_password(smtp, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    logins = []

    def authenticator(server, session, envelope, mechanism, data):
        logins.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=True)

    box, port = smtp(
        tls_context=context, authenticator=authenticator, auth_required=True, require_starttls=True
    )
    mail = Mail(to=("a@b.c",), sender="m@b.c", host="localhost", port=port, user="u", password="pw")
    channel = Channel(email=mail, allow_private=True)
    deliver(channel, MESSAGE, time.time(), lambda: ssl.create_default_context(cafile=authority))
    assert logins == [(b"u", b"pw", True)]
    assert len(box.got) == 1
    with pytest.raises(Undeliverable, match="failed"):
        deliver(channel, MESSAGE, time.time())  # a certificate that nobody vouches for
    assert len(logins) == 1
