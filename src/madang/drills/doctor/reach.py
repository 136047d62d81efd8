"""Reaching providers: one free call with each key, and what its outcome means.

One rule: an outcome is judged by its status, or by the class of what failed; both are rows of the tables below.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from madang.config.sections.providers import Timeouts
from madang.drills.doctor.finding import Finding, State
from madang.errors import MadangError, ProviderBroken, ProviderTimedOut, ProviderUnreachable
from madang.upstream.providers import Provider
from madang.upstream.proxy import proxy_for
from madang.upstream.transport import Incoming, Outgoing, Transport

PATIENCE = Timeouts(connect_s=5, first_byte_s=10, first_token_s=10, idle_s=10, total_s=15)
_MAX_DRAINED_BYTES = 4 * 1024 * 1024


class Verdict(NamedTuple):
    """What an outcome means, and what to do about it."""

    state: State
    words: str
    advice: str | None = None


_BASE_URL = "Compare its base_url with the provider's documentation: {path} is appended to it."
_PROXY = "Check the proxy that the environment names, and whether it may reach this host; else add it to NO_PROXY."
_BY_STATUS = {
    401: Verdict(
        "broken", "refuses the key", "Make a new key at the provider, and put it in place."
    ),
    402: Verdict("broken", "says the account has no credit", "Pay in at the provider."),
    403: Verdict(
        "broken",
        "forbids the key to be used",
        "Check the key's rights, and where it may be used from.",
    ),
    404: Verdict("warning", "has no list of models at this address", _BASE_URL),
    405: Verdict("warning", "has no list of models at this address", _BASE_URL),
    407: Verdict(
        "broken", "cannot be reached through the proxy", "Check HTTPS_PROXY and its password."
    ),
    429: Verdict("warning", "takes the key, and says that it is used too much just now"),
}
_WITHOUT_KEY = {
    status: Verdict(
        "broken", "wants a key, and none is configured for it", "Give it `api_key`, or `api_keys`."
    )
    for status in (401, 403)
}
_BY_CLASS = {
    2: Verdict("ok", "takes the key"),
    3: Verdict("broken", "points elsewhere", "Give the address that it points to as base_url."),
    4: Verdict("broken", "refuses the call", _BASE_URL),
    5: Verdict("broken", "fails", "Look at the provider's status page, and try again."),
}
_NO_STATUS = Verdict("broken", "gives no proper HTTP answer", _BASE_URL)
_BY_FAILURE: tuple[tuple[type[BaseException], Verdict], ...] = (
    (
        ssl.SSLCertVerificationError,
        Verdict(
            "broken",
            "has a certificate that is not trusted",
            "Check the host's name and this machine's clock; name your own authority in SSL_CERT_FILE.",
        ),
    ),
    (
        ssl.SSLError,
        Verdict(
            "broken",
            "does not speak TLS",
            "Check the port, and whether it is http instead of https.",
        ),
    ),
    (
        socket.gaierror,
        Verdict(
            "broken",
            "has a name that does not resolve",
            "Check the name for typing errors, and DNS.",
        ),
    ),
    (
        ConnectionRefusedError,
        Verdict(
            "broken", "refuses the connection", "Check host and port, and that the server runs."
        ),
    ),
    (
        ProviderTimedOut,
        Verdict("broken", "does not answer in time", "Check host, port, firewall and HTTPS_PROXY."),
    ),
    (ProviderBroken, _NO_STATUS),
    (
        MadangError,
        Verdict("broken", "cannot be reached", "Check base_url, the network and HTTPS_PROXY."),
    ),
)


async def reach(
    providers: Iterable[Provider], environ: Mapping[str, str], patience: Timeouts = PATIENCE
) -> list[Finding]:
    """Ask every provider for its list of models, with each of its keys, all at the same time."""
    transport = Transport(environ=environ)
    calls = [
        _reach(
            transport,
            replace(provider, keys=keys, timeouts=patience),
            which,
            _via(provider, environ),
        )
        for provider in providers
        for which, keys in _key_by_key(provider.keys)
    ]
    try:
        return list(await asyncio.gather(*calls))
    finally:
        await transport.close()


def _key_by_key(keys: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """The keys one by one, each with words for which it is; none is one way to call, too."""
    if len(keys) < 2:
        return [("", keys)]
    return [(f", key {n} of {len(keys)}", (key,)) for n, key in enumerate(keys, 1)]


def _via(provider: Provider, environ: Mapping[str, str]) -> str:
    """Words for the proxy that is between; none for one that cannot be used, of which the failure tells."""
    try:
        proxy = proxy_for(provider.origin, environ)
    except ProviderUnreachable:
        return ""
    return f"; through the proxy {proxy.origin.address}" if proxy else ""


async def _reach(transport: Transport, provider: Provider, which: str, via: str) -> Finding:
    head = provider.head(provider.speaks, provider.models_path, "GET")
    began = asyncio.get_running_loop().time()
    try:
        incoming = await transport.send(Outgoing(provider.origin, head, b"", provider.timeouts))
        await _drain(incoming)
    except MadangError as error:
        verdict = _verdict_on(error)
        if via and not isinstance(error.__cause__, ssl.SSLError):
            verdict = verdict._replace(advice=_PROXY)
        return _finding(provider, which, verdict, f"{error.message}{via}")
    connect_ms = (incoming.sent_at - began) * 1000
    first_byte_ms = (incoming.first_byte_at - incoming.sent_at) * 1000
    verdict = _verdict_of(incoming.status, has_key=bool(provider.keys))
    words = f"status {incoming.status}; connected in {connect_ms:.0f} ms, answered in {first_byte_ms:.0f} ms{via}"
    return _finding(provider, which, verdict, words, (connect_ms, first_byte_ms))


def _verdict_of(status: int, *, has_key: bool) -> Verdict:
    if not has_key and status in _WITHOUT_KEY:
        return _WITHOUT_KEY[status]
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, _NO_STATUS)


async def _drain(incoming: Incoming) -> None:
    """Read the answer to its end, within reason: an answer that breaks off is a finding too."""
    left = _MAX_DRAINED_BYTES
    while left > 0 and (piece := await incoming.next()):
        left -= len(piece)
    incoming.close()


def _verdict_on(error: MadangError) -> Verdict:
    """By the failure that caused it, where one did."""
    for failure in (error.__cause__, error):
        for kind, verdict in _BY_FAILURE:
            if isinstance(failure, kind):
                return verdict
    return _NO_STATUS


def _finding(
    provider: Provider,
    which: str,
    verdict: Verdict,
    words: str,
    times_ms: tuple[float, float] | None = None,
) -> Finding:
    where = f"{provider.origin.scheme}://{provider.origin.address}{provider.prefix}"
    if verdict.state == "ok" and not provider.keys:
        verdict = verdict._replace(words="answers, and no key is configured for it")
    advice = verdict.advice.format(path=provider.models_path) if verdict.advice else None
    return Finding(
        what=f"provider {provider.name}{which}",
        state=verdict.state,
        detail=f"{where} {verdict.words} ({words})",
        advice=advice,
        connect_ms=round(times_ms[0], 1) if times_ms else None,
        first_byte_ms=round(times_ms[1], 1) if times_ms else None,
    )
