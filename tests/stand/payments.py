"""Payment providers as the tests play them: Stripe's signature by its documented formula, and Toss as a real server."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from madang.config.sections.payments import ExchangeRate

RATES = {
    "KRW": ExchangeRate(per_usd=1391.5, source="a bank"),
    "EUR": ExchangeRate(per_usd=0.92, source="a bank"),
}


def stripe_signature(body, secret, at_s=None):
    """The header that https://docs.stripe.com/webhooks#verify-manually describes."""
    at_s = int(time.time() if at_s is None else at_s)
    code = hmac.digest(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hex()
    return f"t={at_s},v1={code}"


def stripe_event(kind, **thing):
    """The body of an event, in Stripe's shape."""
    return json.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "api_version": "2025-03-31.basil",
            "created": 1_795_132_800,
            "type": kind,
            "data": {"object": thing},
        }
    ).encode()


def checkout(account_id, cents=2500, currency="usd", intent="pi_1", **more):
    """A checkout that was paid, as Stripe sends it."""
    return stripe_event(
        "checkout.session.completed",
        **{
            "id": "cs_1",
            "object": "checkout.session",
            "mode": "payment",
            "payment_status": "paid",
            "amount_total": cents,
            "currency": currency,
            "payment_intent": intent,
            "client_reference_id": account_id,
            "metadata": {},
        }
        | more,
    )


class Toss:
    """Toss's API: `payments` by key, as it answers them to whoever has the secret key."""

    def __init__(self, secret_key="live_sk_test"):
        expected = "Basic " + base64.b64encode(f"{secret_key}:".encode()).decode()
        self.payments, self.asked = {}, []
        self.status = 200
        toss = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                toss.asked.append(self.path)
                status, answer = toss.answer(self.path)
                if self.headers["authorization"] != expected:
                    status, answer = 401, {"code": "UNAUTHORIZED_KEY"}
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path):
        by = "orderId" if "/orders/" in path else "paymentKey"
        value = path.rpartition("/")[2]
        found = [one for one in self.payments.values() if one[by] == value]
        if self.status != 200 or not found:
            return (404 if self.status == 200 else self.status), {"code": "NOT_FOUND_PAYMENT"}
        return 200, found[0]

    def has(self, key, **given):
        """A payment as Toss answers it (https://docs.tosspayments.com/reference, Payment)."""
        self.payments[key] = {
            "mId": "tosspayments",
            "paymentKey": key,
            "orderId": f"order-{key}",
            "status": "DONE",
            "currency": "KRW",
            "totalAmount": 15000,
            "balanceAmount": 15000,
            "secret": "ps_secret",
            "cancels": None,
            "metadata": None,
        } | given

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def toss_changed(key, **claimed):
    """A notice that a payment changed; what it claims of the payment is never believed."""
    data = {"paymentKey": key, "status": "DONE", "totalAmount": 999_999_999} | claimed
    return json.dumps(
        {
            "eventType": "PAYMENT_STATUS_CHANGED",
            "createdAt": "2026-11-20T10:00:00.000000",
            "data": data,
        }
    ).encode()
