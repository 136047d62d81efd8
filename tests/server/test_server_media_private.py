"""A maker's files on a host of one's own: fetched where the configuration lists it, and nowhere else."""

from server_gateway import Gateway, eventually
from server_media import finished

from stand.booth import Answer, booth

CLIP = b"\0\0\0\x18ftypisom film"
WANTED = {"model": "house/film", "prompt": "A fox", "seconds": "4"}


def _maker(visit):
    """Clips in OpenAI's shape, at once; their files lie on another host, which is this machine by name."""
    host, _, port = visit.headers["host"].partition(":")
    if visit.path.endswith("/content"):
        return Answer(status=302, headers={"location": f"http://localhost:{port}/kept/film.mp4"})
    if visit.path.startswith("/kept/"):
        assert host == "localhost"
        return Answer(CLIP, headers={"content-type": "video/mp4"})
    status = "queued" if visit.method == "POST" else "completed"
    return Answer({"id": "video_1", "object": "video", "status": status, "progress": 0})


def _config(server, *allowed):
    house = {
        "kind": "openai",
        "base_url": f"{server.url}/v1",
        "api_key": "key-house-PLANTED",
        "makes": {"videos": ["film"]},
    }
    return {
        "providers": {"house": house},
        "media": {"poll_factor": 0.02, "allow_private": list(allowed)},
    }


def test_a_file_on_a_private_host_waits_until_that_host_is_listed(tmp_path):
    with booth(_maker) as server:
        config = _config(server, "10.0.0.0/8", "127.0.0.2")
        with Gateway(tmp_path, config) as own:
            key = own.make_key("studio")[1]
            made = own.call("POST", "/v1/videos", key, json=WANTED).json()
            eventually(lambda: any(it.path.endswith("/content") for it in server.asked))
            assert not any("/kept/" in it.path for it in server.asked)
            shown = own.call("GET", f"/v1/videos/{made['id']}", key).json()
            assert shown["status"] == "in_progress"
            own.configure(_config(server, "localhost"))
            assert finished(own, key, made["id"], 30)["status"] == "completed"
            assert own.call("GET", f"/v1/videos/{made['id']}/content", key).content == CLIP
            fetched = next(it for it in server.asked if "/kept/" in it.path)
            assert "PLANTED" not in str(fetched.headers)
