"""One provider and one gateway for most of the server's tests: bounds are small, so that reaching them is quick."""

import pytest
from server_gateway import Gateway, settings
from server_media import Stage, made_config
from server_provider import Provider
from server_simulator import Simulated
from test_server_failover import FAILOVERS

BOUNDS = {
    "max_body_mb": 1,
    "max_header_kb": 16,
    "header_timeout_s": 0.6,
    "body_timeout_s": 0.6,
    "keep_alive_s": 20,
    "drain_s": 5,
}
MODELS = {
    **FAILOVERS,
    "verbatim-chat": {"targets": ["oa/verbatim-chat"]},
    "verbatim-messages": {"targets": ["an/verbatim-messages"]},
    "verbatim-embeddings": {"targets": ["oa/verbatim-embeddings"]},
}
VENDORS = {
    "spare": {
        "targets": ["openai/missing-embedding", "mistral/mistral-embed"],
        "fallback": ["gemini-embedding-001"],
    },
    "only-missing": {"targets": ["openai/missing-embedding"], "fallback": ["gemini-embedding-001"]},
    "rescued": {"targets": ["openai/missing-chat"], "fallback": ["claude-sonnet-4"]},
    "mixed": {"targets": ["openai/gpt-4.1", "openai/text-embedding-3-large"]},
}


@pytest.fixture(scope="session")
def provider():
    """A scripted provider of all three kinds."""
    with Provider() as running:
        yield running


@pytest.fixture(scope="session")
def gateway(provider, tmp_path_factory):
    """A gateway in front of it, shared by all tests that leave it as they found it."""
    home = tmp_path_factory.mktemp("gateway")
    with Gateway(home, settings(provider.port, MODELS, **BOUNDS)) as running:
        yield running


@pytest.fixture(scope="session")
def key(gateway):
    """An ordinary caller's key."""
    return gateway.make_key("caller")[1]


@pytest.fixture(scope="session")
def simulated():
    """The simulator, as every vendor."""
    with Simulated() as running:
        yield running


@pytest.fixture(scope="session")
def vendors(simulated, tmp_path_factory):
    """A gateway in front of simulated vendors, with the catalogue's names and prices."""
    config = {"providers": simulated.providers(), "models": VENDORS}
    with Gateway(tmp_path_factory.mktemp("vendors"), config) as running:
        yield running


@pytest.fixture
def own_gateway(provider, tmp_path):
    """Start gateways that one test may kill, drain or configure; what is given replaces the usual settings."""
    started = []

    def start(**given):
        config = {**settings(provider.port, **BOUNDS), **given}
        started.append(Gateway(tmp_path, config))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="module")
def makers():
    """The simulator, as makers of media."""
    with Simulated() as running:
        yield running


@pytest.fixture(scope="module")
def studio(makers, tmp_path_factory):
    """A gateway in front of them."""
    with Gateway(tmp_path_factory.mktemp("studio"), made_config(makers)) as running:
        yield running


@pytest.fixture
def stage(makers):
    """What they are like; put back afterwards."""
    with Stage(makers) as running:
        yield running
