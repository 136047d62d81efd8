"""The API over real sockets, with a runner at work; held against its own OpenAPI document."""

import http.client
import json
import os
import socket
import urllib.request
from urllib.parse import quote, urlsplit
from zipfile import ZipFile

import jsonschema_rs
import msgspec
import pytest
from starlette.routing import Route
from studio_doors_stand import KEY, SOURCE, ask, serving

from madang_studio.api.app import MOST_BODY_BYTES, application
from madang_studio.api.document import document
from madang_studio.api.keys import AdminKey, admin_key
from madang_studio.api.operations import OPERATIONS
from madang_studio.store import Project

BRIEF = {"theme": "A letter arrives forty years late", "minutes": 0.1, "gates": ["script"]}


def valid(name, body):
    """Whether a body is what the document promises of an operation."""
    told = document()
    (found,) = [
        it for path in told["paths"].values() for it in path.values() if it["operationId"] == name
    ]
    answer = next(it for status, it in found["responses"].items() if status.startswith("2"))
    schema = {**answer["content"]["application/json"]["schema"], "components": told["components"]}
    return jsonschema_rs.is_valid(schema, body)


def test_the_document_describes_exactly_the_routes(tmp_path):
    project = Project(tmp_path / "p", create=True)
    routes = application(project, AdminKey("")).routes
    project.close()
    served = {
        (it.path, method.lower()) for it in routes if isinstance(it, Route) for method in it.methods
    }
    told = {(path, method) for path, methods in document()["paths"].items() for method in methods}
    assert told == {(path, method) for path, method in served if method != "head"}


def test_the_page_explains_every_operation():
    page = (SOURCE.parent / "docs" / "studio-api.md").read_text()
    for path, methods in document()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in page


def test_the_document_is_served_to_anybody_and_nothing_else_is(served):
    assert ask(served, "/openapi.json", key="")[2] == json.loads(msgspec.json.encode(document()))
    for path in ("/dramas", "/events", "/nothing", "/dramas/x/files/y"):
        status, headers, body = ask(served, path, key="wrong")
        assert (status, body["error"]["code"]) == (401, "unauthorized")
        assert headers["www-authenticate"] == "Bearer"
    assert ask(served, "/dramas", key="", x_api_key=KEY)[0] == 200


@pytest.mark.parametrize("name", ["getDrama", "getStatus", "getPlan", "getScript", "listFiles"])
def test_what_is_answered_about_a_drama_is_as_promised(served, film, name):
    (path,) = [it.path for it in OPERATIONS if it.name == name]
    rest = path.removeprefix("/studio/api").replace("{drama}", film.drama)
    status, _, body = ask(served, rest)
    assert status == 200
    assert valid(name, body)


def test_a_film_can_be_had_in_parts(served, film):
    files = {it["name"]: it for it in ask(served, f"/dramas/{film.drama}/files")[2]}
    whole = ask(served, f"/dramas/{film.drama}/files/9x16.mp4")[2]
    assert len(whole) == files["9x16.mp4"]["bytes"]
    status, headers, part = ask(
        served, f"/dramas/{film.drama}/files/9x16.mp4", range="bytes=100-199"
    )
    assert (status, part) == (206, whole[100:200])
    assert headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert (
        ask(served, f"/dramas/{film.drama}/files/9x16.mp4", range=f"bytes={len(whole)}-")[0] == 416
    )


def test_each_clip_can_be_looked_at(served, film):
    clip = ask(served, f"/dramas/{film.drama}/files/clip-1.1.mp4")[2]
    with ZipFile(film.made["package"]) as package:
        assert package.read("clips/1.1.mp4") == clip


@pytest.mark.parametrize(
    "name", ["nothing", "../studio.db", "%2e%2e%2fstudio.db", "/etc/passwd", "studio.db"]
)
def test_no_other_file_can_be_had(served, film, name):
    assert ask(served, f"/dramas/{film.drama}/files/{quote(name, safe='%')}")[0] == 404


def test_a_drama_is_begun_waits_at_its_gate_and_goes_on_when_approved(served):
    status, _, made = ask(served, "/dramas", {"brief": BRIEF})
    assert (status, valid("createDrama", made)) == (201, True)
    drama = made["id"]
    assert until(served, drama, "waiting")["words"].startswith("script/polish")
    status, _, approved = ask(served, f"/dramas/{drama}/approve", {"gate": "script"})
    assert (status, approved) == (200, {"gate": "script", "approved": 1})
    assert until(served, drama, "made", place="voice/1.1")
    assert ask(served, f"/dramas/{drama}/cancel", {})[2]["state"] == "cancelled"
    assert ask(served, f"/dramas/{drama}/pause", {})[0] == 409


def until(served, drama, what, place=None):
    """The first such event."""
    with events(served, f"?drama={drama}") as told:
        for event in told:
            if event["what"] == what and place in (None, event["place"]):
                return event
    raise AssertionError("the stream ended")


def test_events_go_on_after_the_last_that_was_seen(served, film):
    with events(served, f"?drama={film.drama}") as told:
        first = [next(told) for _ in range(6)]
    assert first[0]["place"] == "script/draft"
    with events(served, f"?drama={film.drama}", str(first[2]["id"])) as told:
        assert [next(told) for _ in range(3)] == first[3:]


def events(served, query="", last="0"):
    return Events(f"{served.url}/studio/api/events{query}", last)


class Events:
    """A reader of server-sent events, as their standard says."""

    def __init__(self, url, last):
        headers = {"authorization": f"Bearer {KEY}", "last-event-id": last}
        self.stream = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=120
        )

    def __enter__(self):
        return iter(self)

    def __exit__(self, *_):
        self.stream.close()

    def __iter__(self):
        for line in self.stream:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/dramas", {"brief": {"theme": ""}}, 400, "bad_request"),
        ("/dramas", {"brief": {"theme": "x", "genre": "noir"}}, 400, "bad_script"),
        ("/dramas", {"brief": {"theme": "x"}, "colour": 1}, 400, "bad_request"),
        ("/dramas", b"{", 400, "bad_request"),
        ("/dramas", b"[" * 100_000, 400, "bad_request"),
        ("/dramas/nope/retake", {"place": "clip/1.1"}, 404, "not_found"),
        ("/dramas/FILM/retake", {"place": "clip/9.9"}, 400, "failed"),
        ("/dramas/FILM/retake", {"place": "clip/1.1", "take": 99}, 404, "not_found"),
        ("/dramas/FILM/approve", {"gate": "none"}, 400, "bad_request"),
        ("/batches", {"name": "../x", "dramas": ["x"]}, 400, "bad_request"),
        ("/batches", {"name": "x", "dramas": [{"theme": "x", "id": "a/b"}]}, 400, "bad_script"),
        ("/nothing", {}, 404, "not_found"),
    ],
)
def test_bad_requests_are_refused_in_one_shape(served, film, path, body, status, code):
    got, _, told = ask(served, path.replace("FILM", film.drama), body, "POST")
    assert (got, told["error"]["code"]) == (status, code)
    assert told["error"]["message"]


def test_a_body_is_refused_with_each_of_its_faults_in_words(served):
    brief = {"minutes": 0, "language": "EN", "lang": "ko", "budget_usd": True}
    told = ask(served, "/dramas", {"brief": brief}, "POST")[2]["error"]["message"]
    assert "brief.theme is missing" in told
    assert "brief.minutes is 0, not more than 0 and at most 60" in told
    assert "brief.language is 'EN', not the tag of a language" in told
    assert "brief.lang is not known" in told
    assert "brief.budget_usd is True, not of type number" in told
    told = ask(served, "/dramas/x/resume", {"pay_again": 1}, "POST")[2]["error"]["message"]
    assert told == "The body cannot be read: pay_again is 1, not of type boolean"


def test_a_body_over_the_bound_is_refused_before_it_is_read(served):
    place = urlsplit(served.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    piece = b" " * 100_000
    many = (piece for _ in range(MOST_BODY_BYTES // len(piece) + 2))
    connection.request("POST", "/studio/api/dramas", many, {"x-api-key": KEY}, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["error"]["code"]) == (413, "too_large")
    connection.close()


def test_a_head_without_end_is_refused(served):
    place = urlsplit(served.url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall(b"GET /studio/api/dramas HTTP/1.1\r\nx-endless: ")
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * 64_000_000)


def test_an_unknown_parameter_is_a_mistake(served):
    assert ask(served, "/dramas?stat=done")[0] == 400
    assert ask(served, "/dramas?state=lost")[0] == 400
    assert {it["state"] for it in ask(served, "/dramas?state=done")[2]} <= {"done"}


def test_a_batch_is_taken_up_and_told(served):
    body = {
        "name": "evening",
        "dramas": [{"theme": "x", "id": "one"}],
        "defaults": {"gates": ["script"], "minutes": 0.1},
    }
    status, _, made = ask(served, "/batches", body)
    assert (status, valid("createBatch", made)) == (201, True)
    assert made["tally"]["dramas"] == 1
    ask(served, "/dramas/evening-one/cancel", {})
    told = ask(served, "/batches/evening/report")[2]
    assert valid("getReport", told)
    assert [it["drama"] for it in told["dramas"]] == ["evening-one"]
    assert ask(served, "/batches/nope")[0] == 404


def test_a_script_comes_back_unchanged_and_changes_nothing(served, film):
    script = ask(served, f"/dramas/{film.drama}/script")[2]
    status, _, taken = ask(served, f"/dramas/{film.drama}/script", script, "PUT")
    assert (status, taken) == (
        200,
        {"lines": [], "characters": [], "places": [], "others": []},
    )
    script["genre"] = "another"
    assert (
        ask(served, f"/dramas/{film.drama}/script", script, "PUT")[2]["error"]["code"]
        == "bad_script"
    )


def test_the_key_is_made_once_and_only_its_hash_is_kept(tmp_path):
    made = admin_key(tmp_path, None)
    assert made.new
    assert made.opens(made.new)
    kept = (tmp_path / "admin.sha256").read_text()
    assert made.new not in kept
    again = admin_key(tmp_path, None)
    assert (again.new, again.opens(made.new), again.opens(kept)) == (None, True, False)
    assert admin_key(tmp_path, "mine").opens("mine")


def test_the_gateway_that_serve_has_started_ends_with_it(tmp_path):
    """SIGTERM, as services are stopped; by itself it would end the studio alone."""
    with serving(tmp_path / "project"):
        left = json.loads(next(tmp_path.rglob("serving.json")).read_bytes())
        os.kill(left["pid"], 0)
    with pytest.raises(ProcessLookupError):
        os.kill(left["pid"], 0)
