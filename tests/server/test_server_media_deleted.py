"""A clip that is deleted while its maker's file comes home: it is paid for, and nothing of it is kept."""

import threading

from server_gateway import Gateway, eventually
from server_media import booked

from stand.booth import Answer, booth

CLIP = b"\0\0\0\x18ftypisom film"
WANTED = {"model": "house/film", "prompt": "A fox", "seconds": "4"}


def test_a_clip_deleted_while_it_is_fetched_leaves_no_file(tmp_path):
    coming, deleted = threading.Event(), threading.Event()

    def maker(visit):
        """Clips in OpenAI's shape; the file comes when the job has been deleted."""
        if visit.path.endswith("/content"):
            coming.set()
            assert deleted.wait(10)
            return Answer(CLIP, headers={"content-type": "video/mp4"})
        status = "queued" if visit.method == "POST" else "completed"
        return Answer({"id": "video_1", "object": "video", "status": status, "progress": 0})

    with booth(maker) as server:
        house = {
            "kind": "openai",
            "base_url": f"{server.url}/v1",
            "api_key": "key-house-PLANTED",
            "makes": {"videos": ["film"]},
        }
        config = {"providers": {"house": house}, "media": {"poll_factor": 0.02}}
        config["prices"] = [{"provider": "house", "model": "film", "per": {"video_second": 0.1}}]
        with Gateway(tmp_path, config) as own:
            key = own.make_key("fickle")[1]
            made = own.call("POST", "/v1/videos", key, json=WANTED).json()
            assert coming.wait(10)
            gone = own.call("DELETE", f"/v1/videos/{made['id']}", key)
            assert gone.json()["deleted"]
            deleted.set()
            eventually(lambda: booked(own))
            kept = tmp_path / "media"
            eventually(lambda: not [file for file in kept.rglob("*.mp4*") if file.is_file()])
            assert own.call("GET", f"/v1/videos/{made['id']}", key).status_code == 404
            (row,) = booked(own)
            assert (row[3], row[4]) == ("ok", 400_000_000)
