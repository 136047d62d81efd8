"""A playground that serves over a real socket, and OpenAI's own client for it."""

import openai
import pytest

from madang.drills.playground import Playground


@pytest.fixture(scope="session")
def playground():
    one = Playground()
    one.start()
    return one


@pytest.fixture
def client(playground):
    with openai.OpenAI(base_url=playground.url, api_key="any", max_retries=0) as made:
        yield made
