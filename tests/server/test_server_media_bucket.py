"""Clips that are kept in a bucket: callers get them from the gateway, and a bucket that is away costs no clip."""

import pytest
from server_gateway import Gateway, eventually
from server_media import SHOT, booked, finished, made_config

from stand.bucket import BUCKET, Buckets


@pytest.fixture
def buckets(tmp_path, monkeypatch):
    folder = tmp_path / "buckets"
    folder.mkdir()
    running = Buckets(folder)
    for name, value in running.environ.items():
        monkeypatch.setenv(name, value)
    yield running
    running.close()


def test_a_clip_waits_for_its_bucket_and_is_paid_once(makers, stage, buckets, tmp_path):
    """The bucket is away when the clip is made, and comes back: nothing is ordered or charged again."""
    config = made_config(makers, store=f"s3://{BUCKET}/clips")
    with Gateway(tmp_path, config) as own:
        key = own.make_key("studio")[1]
        buckets.kill()
        made = own.call("POST", "/v1/videos", key, json=SHOT).json()
        eventually(lambda: "waits for the store" in own.log)
        shown = own.call("GET", f"/v1/videos/{made['id']}", key).json()
        assert shown["status"] == "in_progress"
        buckets.start()
        over = finished(own, key, made["id"], 30)
        assert over["status"] == "completed", over
        assert len(stage.book) == 1
        assert [row[4] for row in booked(own)] == [stage.charged]
        whole = own.call("GET", f"/v1/videos/{made['id']}/content", key).content
        part = own.call(
            "GET", f"/v1/videos/{made['id']}/content", key, headers={"range": "bytes=4-7"}
        )
        assert (part.status_code, part.content) == (206, whole[4:8]) == (206, b"ftyp")
        assert buckets.files()[f"clips/{made['id']}.mp4"] == len(whole)
        buckets.kill()
        gone = own.call("GET", f"/v1/videos/{made['id']}/content", key)
        assert gone.status_code >= 500
        assert "cannot be read: the bucket does not answer" in gone.json()["error"]["message"]
        buckets.start()
        own.call("DELETE", f"/v1/videos/{made['id']}", key)
        assert f"clips/{made['id']}.mp4" not in buckets.files()
