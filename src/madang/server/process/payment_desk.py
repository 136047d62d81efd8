"""Where webhooks of payment providers are judged: genuine ones reach the payments, others are refused without detail.

Whoever calls is a stranger. Stripe's calls prove themselves by a signature. Toss's do not: nothing
in one is believed, it only has us ask Toss, a bounded number of times at once.
"""

import asyncio
import logging
import time
from base64 import b64encode

from madang.accounts import stripe, toss
from madang.accounts.notices import Notice
from madang.accounts.payments import Payments
from madang.config.sections.payments import Payments as PaymentSettings
from madang.config.sections.payments import TossHook
from madang.config.sections.providers import Timeouts
from madang.errors import InvalidRequest, MadangError, Overloaded, Unauthenticated
from madang.ledger.alarm import Alarm
from madang.state.store import Store
from madang.upstream.origin import parse_base_url
from madang.upstream.outgoing import Outgoing
from madang.upstream.transport import Transport

_log = logging.getLogger("madang.payments")
_QUESTIONS_AT_ONCE = 8
_LATER_S = 5.0


class PaymentDesk:
    """Takes webhooks in. `settings` may be replaced at any moment."""

    def __init__(self, store: Store, settings: PaymentSettings, transport: Transport) -> None:
        self.payments = Payments(store, settings.rates)
        self._settings = settings
        self._transport = transport
        self._turns = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        self._forged, self._silent = Alarm(_log), Alarm(_log)

    def configure(self, settings: PaymentSettings) -> None:
        """Put other secrets and rates in force."""
        self._settings = settings
        self.payments.rates = settings.rates

    async def stripe(self, body: bytes, signature: str) -> None:
        """A call of Stripe. Raises Unauthenticated, InvalidRequest or StoreUnavailable."""
        hook = self._settings.stripe
        try:
            stripe.check(signature, body, hook.secrets, time.time(), hook.tolerance_s)
        except Unauthenticated:
            self._forged.sound(
                "a call at /hooks/stripe was refused: no secret signed it, or not now"
            )
            raise
        await self._take(stripe.read(body))

    async def toss(self, body: bytes) -> None:
        """A call of Toss Payments.

        Raises Unauthenticated, InvalidRequest, StoreUnavailable, or Overloaded where Toss cannot be
        asked now: it will call again.
        """
        hook = self._settings.toss
        if hook.secret_key is None:
            raise Unauthenticated("This call cannot be checked.", code="bad_signature")
        question = toss.read(body)
        if question is None:
            return
        if self._turns.locked():
            raise Overloaded("Too many payments are being checked.", retry_after_s=_LATER_S)
        async with self._turns:
            answer = await self._ask(hook, hook.secret_key, question.path)
        await self._take(toss.told(answer, question))

    async def _take(self, notice: Notice | None) -> None:
        if notice is None:
            return
        now_us = time.time_ns() // 1000
        if await asyncio.to_thread(self.payments.receive, notice, now_us=now_us):
            _log.info("a payment changed an account's credit: %s", notice.id)

    async def _ask(self, hook: TossHook, key: str, path: str) -> bytes:
        origin, prefix = parse_base_url(hook.base_url)
        basic = b64encode(f"{key}:".encode()).decode()
        head = (
            f"GET {prefix}{path} HTTP/1.1\r\nhost: {origin.authority}\r\n"
            f"authorization: Basic {basic}\r\naccept: application/json\r\n"
        )
        wait_s = hook.timeout_s
        patience = Timeouts(wait_s, wait_s, wait_s, wait_s, wait_s)
        try:
            incoming = await self._transport.send(
                Outgoing(origin, head.encode("ascii"), b"", patience)
            )
            answer = await incoming.read()
        except MadangError as error:
            raise self._unanswered(error.message) from error
        if incoming.status == 404:
            raise InvalidRequest("There is no such payment.", code="unknown_payment")
        if incoming.status != 200:
            raise self._unanswered(f"it answered {incoming.status}")
        return answer

    def _unanswered(self, why: str) -> Overloaded:
        self._silent.sound(f"Toss Payments cannot be asked about a payment: {why}")
        return Overloaded("The payment cannot be checked now.", retry_after_s=_LATER_S)
