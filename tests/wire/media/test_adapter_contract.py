"""Every adapter against the simulator, which knows none of them, over real sockets.

Keys are presented as the catalogue says; what an adapter says that a call comes to is held against
what the simulated provider booked.
"""

import http.client
import time
from datetime import UTC, date, datetime
from itertools import count
from urllib.parse import urlsplit

import pytest
from media_asks import PICTURE, PNG, lost_order, video
from msgspec import structs

from madang.catalog import load
from madang.config.sections.providers import Provider as Settings
from madang.drills.simulator.media.traps import Trap
from madang.errors import (
    ProviderError,
    ProviderFailed,
    ProviderLacksModel,
    ProviderOutOfQuota,
    ProviderOverloaded,
    ProviderRateLimited,
    ProviderRefusedKey,
    ProviderRejected,
)
from madang.ledger.prices import Prices, cost_nusd
from madang.model import Usage
from madang.model.media import Clip, ImageAsk, Source, SpeechAsk
from madang.upstream.providers import build_providers
from madang.wire.media.contract import Incoming, Sought
from madang.wire.media.registry import MEDIA

CATALOG = load()
PRICES = Prices(CATALOG.prices)
LAST_DAY = date(2026, 10, 21)
"""A day on which all of them were there: Veo on the Gemini API ended on the next."""

NOON_US = 1_792_584_000_000_000
PATHS = {
    "fal": "/fal",
    "vertex": "/v1/projects/p/locations/us-central1",
    "seedance": "/api/v3",
    "gemini": "/v1beta",
}
MODELS = {
    "runway": "gen4.5",
    "fal": "fal-ai/pika/v2.2/text-to-video",
    "kling": "kling-v2-6",
    "vertex": "veo-3.1-generate-001",
    "gemini": "veo-3.1-generate-preview",
    "seedance": "seedance-1-0-pro-250528",
}
FORGOTTEN = {"gemini": "gemini-veo"}
"""What the simulator calls a provider where that is not the kind."""


_numbers = count()


def named(**wishes):
    """A clip under a name that no other test has used: Kling refuses to hear one twice."""
    return video(name=f"vid_{next(_numbers)}", **wishes)


class Desk:
    """A provider of the catalogue at the simulator's address, and its adapter."""

    def __init__(self, running, kind, key="key-of-ours"):
        self.kind = kind
        self.side = running.media
        settings = Settings(base_url=running.url + PATHS.get(kind, ""), api_key=key)
        self.provider = build_providers({kind: settings}, CATALOG)[kind]
        self.wires = MEDIA[kind]
        self.model = MODELS.get(kind)

    def send(self, outgoing):
        """What is answered to a call, with the key where it belongs."""
        url = urlsplit(outgoing.path) if "://" in outgoing.path else None
        origin = self.provider.origin
        connection = http.client.HTTPConnection(origin.host, origin.port, timeout=10)
        head = self.provider.head(None, "/", outgoing.method).decode().split("\r\n")[1:-1]
        headers = dict(line.split(": ", 1) for line in head) | dict(outgoing.headers)
        path = (
            f"{url.path}?{url.query}".rstrip("?") if url else self.provider.prefix + outgoing.path
        )
        connection.request(outgoing.method, path, outgoing.body, headers)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        answer = Incoming(response.status, names, response.read())
        connection.close()
        return answer

    def submit(self, **wishes):
        wire = self.wires.videos
        sent = wire.submit(named(**wishes), self.model)
        return sent, wire.submitted(self.send(sent))

    def watch(self, handle):
        """Poll until the job has ended."""
        wire, ends_s = self.wires.videos, time.monotonic() + 10
        while time.monotonic() < ends_s:
            seen = wire.polled(self.send(wire.poll(handle)))
            if seen.state == "succeeded" and not seen.clips:
                return wire.fetched(self.send(wire.fetch(handle)))
            if seen.state not in {"queued", "running"}:
                return seen
            time.sleep(0.01)
        raise AssertionError("the job never ended")

    def entries(self):
        return self.side.book.of(FORGOTTEN.get(self.kind, self.kind))

    def data(self, clip: Clip):
        if clip.data is not None:
            return clip.data
        url = urlsplit(clip.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        keyed = {"x-goog-api-key": "k"} if clip.keyed else {}
        connection.request("GET", f"{url.path}?{url.query}", headers=keyed)
        data = connection.getresponse().read()
        connection.close()
        return data


@pytest.fixture(params=MODELS)
def desk(request, simulated):
    return Desk(simulated, request.param)


def test_a_clip_is_ordered_made_and_had(desk):
    sent, handle = desk.submit(duration_ms=5000, aspect="9:16")
    seen = desk.watch(handle)
    assert (seen.state, len(seen.clips)) == ("succeeded", 1)
    assert desk.data(seen.clips[0])[4:8] == b"ftyp"
    (entry,) = desk.entries()
    assert (entry.prompt, entry.outcome) == ("a red kite over the sea", "succeeded")
    seconds = [count for name, count in sent.counts.items() if name.startswith("video_ms")]
    assert all(count == entry.counted["seconds"] * 1000 for count in seconds)


def test_the_price_list_comes_to_what_the_provider_booked(desk):
    sent, handle = desk.submit(duration_ms=5000)
    counts = dict(desk.watch(handle).billed or sent.counts)
    usage = Usage(output=counts.pop("output_tokens", 0), units=counts)
    price = PRICES.find(desk.kind, desk.model, CATALOG.find(desk.model).name, LAST_DAY)
    (entry,) = desk.entries()
    assert cost_nusd(price, usage, NOON_US) == entry.nusd > 0


@pytest.mark.parametrize("kind", ["runway", "kling", "vertex", "gemini", "seedance"])
def test_a_first_picture_arrives(simulated, kind):
    desk = Desk(simulated, kind)
    _, handle = desk.submit(first=PICTURE, duration_ms=5000)
    assert desk.watch(handle).state == "succeeded"


def test_klings_references_go_a_way_of_their_own(simulated):
    desk = Desk(simulated, "kling")
    sent, handle = desk.submit(references=(PICTURE, PICTURE), aspect="9:16")
    assert "multi-image2video" in sent.path
    assert desk.watch(handle).state == "succeeded"


def test_a_clip_of_veos_is_gone_on_with(simulated):
    desk = Desk(simulated, "vertex")
    _, handle = desk.submit(duration_ms=4000)
    film = Source(id="video_1", change="extend", data=desk.data(desk.watch(handle).clips[0]))
    sent, handle = desk.submit(source=film)
    assert desk.watch(handle).state == "succeeded"
    assert desk.entries()[1].counted == {"seconds": 7}
    assert sum(sent.counts.values()) == 7000


def test_pikas_picture_has_a_model_of_its_own(simulated):
    desk = Desk(simulated, "fal")
    desk.model = "fal-ai/pika/v2.2/image-to-video"
    _, handle = desk.submit(first=PICTURE)
    assert desk.watch(handle).state == "succeeded"


def test_what_fails_is_a_failed_job_and_no_broken_answer(desk):
    desk.side.set_traps(Trap("fail"))
    _, handle = desk.submit()
    seen = desk.watch(handle)
    assert (seen.state, seen.again) == ("failed", True)
    assert not any(seen.billed.values())


def test_what_the_filter_holds_back_is_told_as_that(desk):
    desk.side.set_traps(Trap("blocked"))
    _, handle = desk.submit()
    seen = desk.watch(handle)
    # Kling tells it by words only, and words decide nothing
    expected = "provider_failed" if desk.kind == "kling" else "content_filter"
    assert (seen.state, seen.cause) == ("failed", expected)


@pytest.mark.parametrize(
    ("trap", "kind"),
    [
        ("busy", ProviderError),
        ("concurrent", ProviderRateLimited),
        ("refused_200", (ProviderOverloaded, ProviderFailed)),
    ],
)
def test_a_refusal_is_no_job(desk, trap, kind):
    desk.side.set_traps(Trap(trap))
    with pytest.raises(kind):
        desk.submit()
    assert not desk.entries()


def test_a_provider_that_has_closed_lacks_its_models(desk):
    name = FORGOTTEN.get(desk.kind, desk.kind)
    desk.side.settle(desk.side.profile.changed({"providers": {name: {"gone": 410}}}))
    with pytest.raises(ProviderLacksModel):
        desk.submit()


def test_a_wrong_key_is_refused_as_that(simulated, desk):
    with pytest.raises(ProviderRefusedKey):
        Desk(simulated, desk.kind, key="invalid-key").submit()


def test_an_account_without_money_is_told_from_a_crowd(simulated, desk):
    with pytest.raises(ProviderError) as caught:
        Desk(simulated, desk.kind, key="quota-key").submit()
    # Google says RESOURCE_EXHAUSTED of both, and Runway says it by words only, which decide nothing
    words = {
        "vertex": ProviderRateLimited,
        "gemini": ProviderRateLimited,
        "runway": ProviderRejected,
    }
    assert isinstance(caught.value, words.get(desk.kind, ProviderOutOfQuota))


def test_runway_says_what_it_took(simulated):
    desk = Desk(simulated, "runway")
    _, handle = desk.submit(duration_ms=5000)
    assert desk.watch(handle).billed == {"credits": 60}  # 12 credits a second
    assert desk.entries()[0].credits == 60


@pytest.mark.parametrize("kind", ["runway", "fal"])
def test_a_job_under_way_is_called_off(simulated, kind):
    desk = Desk(simulated, kind)
    desk.side.set_traps(Trap("stuck"))
    _, handle = desk.submit()
    assert desk.send(desk.wires.videos.cancel(handle)).status in {200, 202, 204}
    assert desk.watch(handle).state == "cancelled"


def test_seedance_takes_out_of_its_queue_what_has_not_begun(simulated):
    desk = Desk(simulated, "seedance")
    desk.side.settle(desk.side.profile.changed({"providers": {"seedance": {"cap": 1}}}))
    desk.side.set_traps(Trap("stuck"))
    (_, running), (_, waiting) = desk.submit(), desk.submit()
    assert desk.send(desk.wires.videos.cancel(running)).status == 409
    assert desk.send(desk.wires.videos.cancel(waiting)).status in {200, 204}


@pytest.mark.parametrize("wishes", [{}, {"first": PICTURE}])
def test_a_lost_answer_of_kling_is_found_by_our_handle(simulated, wishes):
    desk = Desk(simulated, "kling")
    wire = desk.wires.videos
    desk.side.set_traps(Trap("lost_answer", times=1))
    sent = wire.submit(named(**wishes), desk.model)
    with pytest.raises((http.client.HTTPException, OSError)):
        desk.send(sent)
    (handle,) = wire.found(desk.send(wire.find(lost_order(sent.name), None)), lost_order()).found
    assert desk.watch(handle).state == "succeeded"
    with pytest.raises(ProviderError):  # and it is never paid for twice
        wire.submitted(desk.send(sent))
    assert len(desk.entries()) == 1
    nobody = lost_order("nobody-t")
    assert wire.found(desk.send(wire.find(nobody, None)), nobody) == Sought()


def lose(desk, **wishes):
    """Send an order whose answer is lost, and what is known of it then."""
    desk.side.set_traps(Trap("lost_answer", times=1))
    sent, at_s = desk.wires.videos.submit(named(**wishes), desk.model), time.time()
    with pytest.raises((http.client.HTTPException, OSError)):
        desk.send(sent)
    return lost_order(outgoing=sent, model=desk.model, sent_s=at_s)


def search(desk, lost):
    """What the provider lists of it, from its administration."""
    wire, sought, cursor = desk.wires.videos, [], None
    while True:
        outgoing = wire.find(lost, cursor)
        there = structs.replace(outgoing, path=f"/v1{outgoing.path}")
        sought.append(wire.found(desk.send(there), lost))
        cursor = sought[-1].cursor
        if cursor is None:
            return sought


@pytest.mark.parametrize("wishes", [{}, {"seed": 7, "duration_ms": 10_000}])
def test_a_lost_answer_of_fal_is_found_in_its_list_by_what_was_sent(simulated, wishes):
    desk = Desk(simulated, "fal")
    for other in ({"prompt": "another"}, {"seed": 8}):
        desk.submit(**other)
    lost = lose(desk, **wishes)
    (sought,) = search(desk, lost)
    found, entry = sought.found[0], desk.entries()[-1]
    assert (found.id, sought.is_blind) == (entry.id, False)
    assert desk.watch(found).state == "succeeded"
    assert len(desk.entries()) == 3


def test_fals_list_is_read_page_by_page(simulated):
    desk = Desk(simulated, "fal")
    desk.side.settle(desk.side.profile.changed({"providers": {"fal": {"cap": None}}}))
    for number in range(120):
        desk.submit(seed=number)
    lost = lose(desk, prompt="the one that was lost")
    desk.submit(seed=120)
    pages = search(desk, lost)
    assert [len(page.found) for page in pages].count(1) == 1
    assert len(pages) == 2


def test_what_fal_has_not_begun_in_time_is_given_up_and_costs_nothing(simulated):
    desk = Desk(simulated, "fal")
    desk.side.settle(desk.side.profile.changed({"providers": {"fal": {"cap": 1}}}))
    desk.side.set_traps(Trap("stuck", times=1))
    desk.submit()
    _, late = desk.submit(start_s=5.0)
    seen = desk.watch(late)
    assert (seen.state, seen.cause, seen.again) == ("failed", "provider_failed", True)
    assert [entry.nusd > 0 for entry in desk.entries()] == [False, False]


def test_what_runway_has_charged_in_all_shows_whether_a_lost_order_was_charged(simulated):
    desk = Desk(simulated, "runway")
    wire, today = desk.wires.videos, datetime.now(UTC).date().isoformat()

    def charged():
        return wire.uses(desk.send(wire.used(desk.model, today)), desk.model)

    assert charged() == 0
    told = [desk.watch(desk.submit(duration_ms=5000)[1]).billed["credits"] for _ in range(2)]
    assert charged() == sum(told) > 0
    lose(desk, duration_ms=5000)
    assert charged() == sum(told) + told[0]


def test_elevenlabs_speaks_and_says_when(simulated):
    desk = Desk(simulated, "elevenlabs")
    wire = desk.wires.speech
    ask = SpeechAsk(text="Hallo, Welt!", voice="21m00Tcm4TlvDq8ikWAM", timed=True)
    spoken = wire.read(desk.send(wire.write(ask, "eleven_multilingual_v2")), ask)
    assert "".join(one.text for one in spoken.timing) == "Hallo, Welt!"
    assert spoken.audio[:3] == b"ID3" or spoken.audio[0] == 0xFF
    (entry,) = desk.entries()
    assert entry.counted["characters"] == spoken.billed["characters"] == 12
    untimed = SpeechAsk(text="Hallo", voice="21m00Tcm4TlvDq8ikWAM", format="wav")
    heard = wire.read(desk.send(wire.write(untimed, "eleven_flash_v2_5")), untimed)
    assert (heard.audio[:4], heard.mime, heard.timing) == (b"RIFF", "audio/wav", ())


@pytest.mark.parametrize(
    ("trap", "kind"), [("busy", ProviderOverloaded), ("concurrent", ProviderRateLimited)]
)
def test_elevenlabs_two_429s_are_two_errors(simulated, trap, kind):
    desk = Desk(simulated, "elevenlabs")
    desk.side.set_traps(Trap(trap))
    wire, ask = desk.wires.speech, SpeechAsk(text="Hi", voice="21m00Tcm4TlvDq8ikWAM")
    with pytest.raises(kind):
        wire.read(desk.send(wire.write(ask, "eleven_v3")), ask)


def test_gemini_draws(simulated):
    desk = Desk(simulated, "gemini")
    wire = desk.wires.images
    ask = ImageAsk(prompt="a kite", aspect="9:16", references=(PICTURE,))
    drawn = wire.read(desk.send(wire.write(ask, "gemini-2.5-flash-image")))
    assert drawn.pictures[0].data[:4] == PNG[:4]
    (entry,) = desk.side.book.of("gemini")
    made = drawn.billed["output_tokens"] + drawn.billed["image_tokens"]
    assert made == entry.counted["output_tokens"]
