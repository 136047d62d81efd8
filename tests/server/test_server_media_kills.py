"""A gateway that is killed while clips are made: every one is finished, charged once, and the ledger agrees."""

import os
import random
import threading
import time
from contextlib import suppress

import httpx
from server_gateway import Gateway, eventually
from server_media import SHOT, booked, finished, made_config

KILLS = int(os.environ.get("MADANG_KILLS", "3"))
SHOTS = 12
MODELS = ("runway/gen4.5", "kling/kling-v2-6", "pika-2.2-text", "sora-2")


class Orders(threading.Thread):
    """Orders every shot until each has an answer, whatever becomes of the gateway."""

    def __init__(self, gateway, key):
        super().__init__()
        self.jobs = {}
        self._url, self._key = (lambda: gateway.url), key

    def run(self):
        while len(self.jobs) < SHOTS:
            for number in range(SHOTS):
                if number not in self.jobs:
                    with suppress(httpx.HTTPError):
                        answer = self._order(number)
                        if answer.status_code == 200:
                            self.jobs[number] = answer.json()["id"]

    def _order(self, number):
        model = MODELS[number % len(MODELS)]
        body = {**SHOT, "model": model, "prompt": f"Shot {number}"}
        body["seconds"] = "4" if model == "sora-2" else "5"
        headers = {"authorization": f"Bearer {self._key}", "idempotency-key": f"shot-{number}"}
        return httpx.post(f"{self._url()}/v1/videos", json=body, headers=headers, timeout=10)


def test_killed_at_any_moment_nothing_paid_is_repeated_or_lost(makers, stage, tmp_path):
    stage.change(speed=40)
    dice = random.Random(6)
    config = made_config(makers, unsure_s=2, accept_s=2, poll_factor=0.005, give_up_s=30)
    with Gateway(tmp_path, config) as own:
        key = own.make_key("studio")[1]
        orders = Orders(own, key)
        orders.start()
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.02, 0.6))
            own.kill()
            own.start()
        orders.join(60)
        over = {number: finished(own, key, one, 60) for number, one in orders.jobs.items()}
        unsure = {number for number, one in over.items() if one["status"] == "failed"}
        prompts = [entry.prompt for entry in stage.book]
        assert len(set(prompts)) == len(prompts)  # nothing was ordered twice
        assert {f"Shot {number}" for number in set(over) - unsure} <= set(prompts)
        assert {one["error"]["code"] for one in over.values() if one["error"]} <= {
            "submit_unanswered"
        }
        paid = {entry.prompt: entry.nusd for entry in stage.book}
        worst = {n: float(over[n]["cost_usd"]) for n in unsure if f"Shot {n}" not in paid}
        rows = booked(own, "final = 1")
        assert len(rows) == SHOTS
        assert sum(row[4] for row in rows) == stage.charged + round(sum(worst.values()) * 1e9)


def test_a_job_that_nobody_wants_is_cancelled_there_and_another_worker_may_say_so(
    makers, stage, tmp_path
):
    stage.change(speed=0.01)
    with Gateway(tmp_path, made_config(makers), "--workers", "2") as own:
        key = own.make_key("studio")[1]
        kling = {**SHOT, "model": "kling/kling-v2-6"}
        for body in (SHOT, kling):  # the second maker cannot cancel
            made = own.call("POST", "/v1/videos", key, json=body).json()
            headers = {"connection": "close"}
            own.call("DELETE", f"/v1/videos/{made['id']}", key, headers=headers)
            assert own.call("GET", f"/v1/videos/{made['id']}", key).status_code == 404
        eventually(lambda: stage.book[0].outcome == "cancelled")
        stage.change(speed=10_000)
        eventually(lambda: len(booked(own)) >= 1)
        assert booked(own)[0][4] == stage.book[0].nusd


def test_speech_that_was_under_way_is_booked_as_lost_and_said_anew_under_its_name(
    makers, stage, tmp_path
):
    stage.change(speed=0.5)  # an answer takes two seconds
    line = {"model": "tts-1", "voice": "alloy", "input": "Who goes there?"}
    with Gateway(tmp_path, made_config(makers)) as own:
        key = own.make_key("studio")[1]
        headers = {"authorization": f"Bearer {key}", "idempotency-key": "line-1"}
        with suppress(httpx.HTTPError):
            httpx.post(f"{own.url}/v1/audio/speech", json=line, headers=headers, timeout=0.8)
        own.kill()
        stage.change(speed=100)
        own.start()
        answer = httpx.post(f"{own.url}/v1/audio/speech", json=line, headers=headers, timeout=30)
        assert answer.status_code == 200
        rows = booked(own)
        assert sorted(row[3] for row in rows) == ["lost", "ok"]
        assert sum(row[4] for row in rows) == 2 * len(line["input"]) * 15_000
