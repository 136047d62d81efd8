"""A maker that repeats the key it was given when a job fails: neither the caller nor the ledger sees it."""

import json

from server_gateway import Gateway
from server_media import finished

from stand.booth import Answer, booth

WANTED = {"model": "house/film", "prompt": "A fox", "seconds": "4"}
SECRET = "key-house-PLANTED-secret"


def complaining(visit):
    """Clips in OpenAI's shape that fail."""
    made = {"id": "video_1", "object": "video", "status": "queued", "progress": 0}
    if visit.method == "POST":
        return Answer(made)
    why = {"code": "failed", "message": f"Not with {visit.headers['authorization']}, sorry"}
    return Answer({**made, "status": "failed", "error": why})


def test_a_failed_job_does_not_tell_the_makers_key(tmp_path):
    with booth(complaining) as server:
        base_url, makes = f"{server.url}/v1", {"videos": ["film"]}
        house = {"kind": "openai", "base_url": base_url, "api_key": SECRET, "makes": makes}
        config = {"providers": {"house": house}, "media": {"poll_factor": 0.02}}
        with Gateway(tmp_path, config) as own:
            key = own.make_key("curious")[1]
            made = own.call("POST", "/v1/videos", key, json=WANTED).json()
            shown = finished(own, key, made["id"])
            told = json.dumps([shown, own.story(shown["request_id"])]) + own.log
            assert "sorry" in shown["error"]["message"]
            assert "PLANTED" not in told
