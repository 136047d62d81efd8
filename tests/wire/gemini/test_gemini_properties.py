"""What holds for any input: cuts change nothing, garbage never raises, what can be said comes back."""

import json
from typing import Any

from gemini_views import ARRAY, CONTEXT, collect, read_stream, sse, write_stream
from hypothesis import given
from hypothesis import strategies as st

from madang.errors import InvalidRequest, ProviderError
from madang.model import (
    Answer,
    Audio,
    Choice,
    ChoiceEnded,
    Document,
    Ended,
    Event,
    Failed,
    Format,
    Image,
    Media,
    Message,
    Opaque,
    PartEnded,
    PartStarted,
    Reasoning,
    Request,
    SignatureDelta,
    Started,
    Text,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
    UsageSeen,
    Video,
)
from madang.wire.gemini import WIRE
from madang.wire.gemini.objects import ObjectSplitter
from stand.odd import cuts, leaves, maybe, names, objects, values, words

base64 = st.sampled_from(["QUJD", "/+8=", "iVBORw0KGgo="])
signatures = st.none() | st.sampled_from(["c2ln", "QUJD"])

# --- anything that a provider might send ----------------------------------------------------------

partial = maybe(jsonPath=words | st.just("$.a[0]"), stringValue=words, boolValue=st.booleans())
calls = maybe(
    id=words, name=names, args=objects, willContinue=st.booleans(), partialArgs=st.lists(partial)
)
parts = maybe(
    text=words,
    thought=st.booleans(),
    thoughtSignature=words,
    functionCall=calls,
    inlineData=maybe(mimeType=words, data=words),
    executableCode=objects,
)
candidates = maybe(
    index=st.integers(0, 2),
    finishReason=st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY", "NEW_ONE"]),
    content=maybe(parts=st.lists(parts, max_size=3)),
    groundingMetadata=maybe(
        groundingChunks=st.lists(maybe(web=maybe(uri=words))),
        groundingSupports=st.lists(
            maybe(
                segment=maybe(startIndex=st.integers(), endIndex=st.integers()),
                groundingChunkIndices=st.lists(st.integers(0, 2) | leaves),
            )
        ),
    ),
    logprobsResult=maybe(chosenCandidates=st.lists(maybe(token=words, logProbability=leaves))),
)
documents = maybe(
    candidates=st.lists(candidates, max_size=3),
    usageMetadata=maybe(promptTokenCount=st.integers(), promptTokensDetails=st.lists(objects)),
    modelVersion=words,
    responseId=words,
    createTime=words,
    promptFeedback=maybe(blockReason=words),
)
errors = st.fixed_dictionaries({"error": maybe(code=st.integers(), message=words, details=values)})
chunks = st.lists(documents | errors | values, max_size=5)


def check_order(events: list[Event]) -> None:
    """The promise of `madang.model`: parts open and close in order, the end comes once and last."""
    opened: dict[int, int | None] = {}
    count: dict[int, int] = {}
    ended: set[int] = set()
    assert isinstance(events[-1], Ended | Failed)
    for position, event in enumerate(events):
        assert isinstance(event, Ended | Failed) == (position == len(events) - 1)
        assert not isinstance(event, Started) or position == 0
        choice = getattr(event, "choice", None)
        assert choice not in ended
        match event:
            case PartStarted():
                assert opened.get(choice) is None
                assert event.index == count.get(choice, 0)
                opened[choice] = event.index
                count[choice] = event.index + 1
            case TextDelta() | SignatureDelta():
                assert opened.get(choice) == event.index
            case PartEnded():
                assert opened[choice] == event.index
                opened[choice] = None
            case ChoiceEnded():
                assert opened.get(choice) is None
                ended.add(choice)


@given(chunks, cuts)
def test_any_documents_in_any_cuts_give_the_same_ordered_events(sent, cuts):
    body = sse(*sent)
    events = read_stream(body)
    check_order(events)
    assert read_stream(body, *cuts) == events


@given(chunks, cuts)
def test_an_array_gives_the_same_events_as_server_sent_events(sent, cuts):
    sent = [one for one in sent if isinstance(one, dict)]
    array = json.dumps(sent, indent=1).encode()
    assert read_stream(array, *cuts) == read_stream(sse(*sent))


@given(st.binary(max_size=60) | words.map(str.encode), cuts)
def test_garbage_ends_in_failed_and_never_raises(body, cuts):
    events = read_stream(body, *cuts)
    assert isinstance(events[-1], Failed)


@given(chunks, cuts)
def test_what_was_read_can_be_written_in_both_framings(sent, cuts):
    events = read_stream(sse(*sent), *cuts)
    json.loads(write_stream(events, ARRAY))
    for line in write_stream(events).split(b"\r\n\r\n"):
        json.loads(line.removeprefix(b"data: ") or b"{}")


@given(documents | errors)
def test_a_whole_answer_is_read_or_refused_and_always_skimmed(document):
    body = json.dumps(document).encode()
    skimmed = WIRE.skim_answer(body)
    try:
        answer = WIRE.read_answer(body)
    except ProviderError:
        return
    json.loads(WIRE.write_answer(answer, CONTEXT))
    assert skimmed.usage == answer.usage


@given(st.integers(100, 599), values | errors | st.lists(errors, max_size=1))
def test_any_error_body_is_a_provider_error(status, document):
    error = WIRE.read_error(status, {}, json.dumps(document).encode())
    written_status, _ = WIRE.write_error(error)
    assert 400 <= written_status < 600


@given(
    st.fixed_dictionaries({"contents": values | st.lists(maybe(role=words, parts=st.lists(parts)))})
)
def test_any_request_is_read_or_refused(body):
    try:
        request = WIRE.read_request(json.dumps(body).encode(), "m", False)
    except InvalidRequest:
        return
    WIRE.write_request(request, "m")


@given(st.lists(objects, max_size=4), cuts)
def test_objects_are_cut_out_whatever_the_cuts(sent, cuts):
    body = json.dumps(sent, ensure_ascii=False, indent=2).encode()
    splitter = ObjectSplitter()
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    found = [
        json.loads(one)
        for start, end in zip(places, places[1:], strict=False)  # noqa: RUF007 - as elsewhere
        for one in splitter.feed(body[start:end])
    ]
    assert found == sent
    assert not splitter.is_open


# --- anything that the dialect can say ------------------------------------------------------------

images = st.builds(
    Image, st.builds(Media, mime=st.just("image/png"), data=base64), signature=signatures
)
texts = st.builds(Text, words.filter(bool), signature=signatures)
thoughts = st.builds(Thinking, words.filter(bool), signature=signatures, origin=st.just("gemini"))
call_parts = st.builds(
    ToolCall,
    st.uuids().map(str),
    names,
    objects.map(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))),
    signature=signatures,
)
opaques = objects.map(lambda value: {"executableCode": value}).map(
    lambda value: Opaque("gemini", "executableCode", value)
)
answer_parts = st.lists(texts | thoughts | call_parts | images | opaques, max_size=5)
stops = st.sampled_from(
    [("length", "MAX_TOKENS"), ("content_filter", "SPII"), ("error", "NO_IMAGE")]
)
usages = st.builds(
    lambda prompt, said, thought, cached: Usage(
        prompt + cached, said + thought, cached, 0, thought
    ),
    *[st.integers(0, 99)] * 4,
)
choices = st.builds(
    lambda parts, stop: Choice(parts=tuple(parts), stop=stop[0], stop_raw=stop[1]),
    answer_parts,
    stops,
)
answers = st.builds(
    Answer,
    model=st.just(CONTEXT.model),
    id=st.just(CONTEXT.request_id),
    choices=st.lists(choices, min_size=1, max_size=2).map(tuple),
    usage=usages,
)


def stream_of(answer: Answer) -> list[Event]:
    """The events of an answer, its text in single characters."""
    events: list[Event] = [Started(answer.model, answer.id)]
    for number, choice in enumerate(answer.choices):
        for index, part in enumerate(choice.parts):
            match part:
                case Text(text=grown):
                    opened, sign = Text(""), part.signature
                case Thinking(text=grown):
                    opened, sign = Thinking("", origin="gemini"), part.signature
                case ToolCall(arguments=grown):
                    opened, sign = ToolCall(part.id, part.name, ""), part.signature
                case _:
                    opened, grown, sign = part, "", None
            events.append(PartStarted(number, index, opened))
            events += [TextDelta(number, index, character) for character in grown]
            events += [SignatureDelta(number, index, sign)] if sign else []
            events.append(PartEnded(number, index))
        assert choice.stop is not None
        events.append(ChoiceEnded(number, choice.stop, choice.stop_raw))
    assert answer.usage is not None
    return [*events, UsageSeen(answer.usage), Ended()]


@given(answers)
def test_an_answer_comes_back_as_it_was_written(answer):
    assert WIRE.read_answer(WIRE.write_answer(answer, CONTEXT)) == answer


@given(answers, st.sampled_from([CONTEXT, ARRAY]), cuts)
def test_a_stream_comes_back_as_it_was_written(answer, context, cuts):
    """But for neighbouring texts without a signature between them: a stream cannot tell them apart."""
    written = write_stream(stream_of(answer), context)
    again, failed = collect(read_stream(written, *cuts))
    assert failed is None
    assert again.usage == answer.usage
    for found, wanted in zip(again.choices, answer.choices, strict=True):
        assert (found.stop, found.stop_raw) == (wanted.stop, wanted.stop_raw)
        assert merged(found) == merged(wanted)


def merged(choice: Choice) -> list[Any]:
    """The parts, neighbouring texts of one kind joined where no signature stands between them."""
    joined: list[Any] = []
    for part in choice.parts:
        last = joined[-1] if joined else None
        same = type(last) is type(part) and isinstance(part, Text | Thinking)
        if same and not last.signature:
            joined[-1] = type(part)(
                last.text + part.text,
                signature=part.signature,
                **({"origin": "gemini"} if isinstance(part, Thinking) else {}),
            )
        else:
            joined.append(part)
    return joined


media_parts = (
    images
    | st.builds(Audio, st.builds(Media, mime=st.just("audio/wav"), data=base64))
    | st.builds(
        Video, st.builds(Media, mime=st.just("video/mp4"), url=st.just("https://a.example"))
    )
    | st.builds(Document, st.builds(Media, mime=st.just("application/pdf"), data=base64))
)
results = st.builds(
    ToolResult,
    st.uuids().map(str),
    words.map(lambda said: (Text(said),)),
    name=names,
    is_error=st.booleans(),
)
turns = st.lists(
    st.tuples(
        st.lists(texts | media_parts | results, min_size=1, max_size=3),
        st.lists(texts | thoughts | call_parts | opaques, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=2,
).map(
    lambda pairs: tuple(
        Message(role, tuple(parts))
        for said, answered in pairs
        for role, parts in (("user", said), ("assistant", answered))
    )
)
schemas = st.just({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}})
requests = st.builds(
    Request,
    dialect=st.just("gemini"),
    model=st.just("gemini-2.5-flash"),
    messages=turns,
    system=st.just(()) | texts.map(lambda text: (text,)),
    include_usage=st.just(True),
    tools=st.just((Tool("f", "F.", {"type": "object"}),)),
    tool_choice=st.none() | st.sampled_from([ToolChoice("none"), ToolChoice("named", ("f",))]),
    max_tokens=st.none() | st.integers(1, 99),
    temperature=st.none() | st.floats(0, 2),
    top_k=st.none() | st.integers(1, 40),
    stop=st.lists(words, max_size=2).map(tuple),
    seed=st.none() | st.integers(0, 99),
    format=st.none()
    | st.just(Format("json"))
    | schemas.map(lambda one: Format("json_schema", one)),
    reasoning=st.none()
    | st.sampled_from(
        [Reasoning(off=True), Reasoning(adaptive=True, show=True), Reasoning(effort="low")]
    ),
    modalities=st.sampled_from([(), ("text", "image")]),
    extra=st.sampled_from([{}, {"labels": {"a": "b"}, "generationConfig.speechConfig": {"v": 1}}]),
)


@given(requests)
def test_a_request_comes_back_as_it_was_written(request):
    rendered = WIRE.write_request(request, request.model)
    assert WIRE.read_request(rendered.body, request.model, request.stream) == request
    assert rendered.losses == ()
