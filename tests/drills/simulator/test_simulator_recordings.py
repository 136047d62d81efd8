"""What real providers took, the simulator takes: recorded requests, sent again.

Seals are the exception: only the real provider can open its own.
"""

import pytest
import requests

from stand.traffic import manifest, needs_recordings, recording

PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
}
FOLDERS = (
    "openai-chat",
    "openai-responses",
    "anthropic",
    "gemini",
    "deepseek",
    "groq",
    "openrouter",
    "vllm",
)
SEALED = (
    "could not be verified",
    "Invalid `signature`",
    "Thought signature is not valid",
    "Previous response with id",
)

pytestmark = [pytest.mark.recordings, needs_recordings]


def recorded(folder):
    """The accepted requests of a folder: path and body."""
    for row in manifest():
        if row["status"] == 200 and row["data"].startswith(f"{folder}/"):
            request = recording(row["data"])["request"]
            path = PATHS.get(row["api"], request["path"])
            if isinstance(request["body"], dict) and (
                row["api"] in PATHS or "enerateContent" in path
            ):
                yield path, request["body"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_recorded_requests_are_taken(sim, folder):
    taken, faults = 0, []
    with requests.Session() as session:
        session.headers["authorization"] = "Bearer k"
        for path, body in recorded(folder):
            answer = session.post(sim.url + path, json=body, timeout=20)
            taken += answer.status_code == 200
            if answer.status_code != 200 and not any(sign in answer.text for sign in SEALED):
                faults.append(answer.text)
    assert not faults
    assert taken
