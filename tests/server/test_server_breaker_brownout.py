"""Too much to do: who is refused first, over real sockets."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_gateway import eventually

MODEL = "held-back"


@pytest.fixture(scope="module")
def held(provider):
    """A model that answers only once the test lets it."""
    release = threading.Event()

    async def script(visit) -> None:
        while not release.is_set():
            await asyncio.sleep(0.01)
        await visit.answer()

    provider.plays(MODEL, script)
    return release


def ask(gateway, key: str, priority: str):
    """One request."""
    body = {"model": f"oa/{MODEL}", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-madang-priority": priority}
    return gateway.call("POST", "/v1/chat/completions", key, json=body, headers=headers)


@pytest.mark.parametrize(
    ("in_flight", "first_let_in"), [(15, "low"), (16, "normal"), (19, "high"), (20, None)]
)
def test_of_twenty_low_priority_gets_sixteen_normal_nineteen_and_high_all(
    held, own_gateway, in_flight, first_let_in
):
    held.clear()
    gateway = own_gateway(server={"max_in_flight": 20})
    key = gateway.make_key()[1]
    with ThreadPoolExecutor(24) as pool:
        under_way = [pool.submit(ask, gateway, key, "high") for _ in range(in_flight)]
        eventually(lambda: gateway.status()["in_flight"] == in_flight)
        for priority in ("low", "normal", "high"):
            if priority == first_let_in:
                under_way.append(pool.submit(ask, gateway, key, priority))
                eventually(lambda: gateway.status()["in_flight"] == in_flight + 1)
                break
            refused = ask(gateway, key, priority)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
        held.set()
        assert {one.result().status_code for one in under_way} == {200}
