"""Streams that the simulator breaks, in each provider's own format, are gone on with by another vendor."""

import json

import pytest
from server_continuing import ask, attempts
from server_gateway import Gateway

from madang.drills.simulator import Behaviour

SIMULATED = {
    "chat": ("openai", "gpt-4.1", "anthropic/claude-sonnet-4"),
    "messages": ("anthropic", "claude-sonnet-4", "gemini/gemini-2.5-flash"),
    "gemini": ("gemini", "gemini-2.5-flash", "items/gpt-4.1"),
    "responses": ("items", "gpt-4.1", "anthropic/claude-sonnet-4"),
}
SIMULATED_FAULTS = ("cut", "stall", "stream_error", "malformed_json", "malformed_sse")


@pytest.fixture(scope="module")
def simulators(simulated, tmp_path_factory):
    """A gateway of simulated vendors, each under a name for every fault: what fails thrice would rest."""
    providers = dict(simulated.providers())
    models = {}
    for dialect, (vendor, model, second) in SIMULATED.items():
        for fault in SIMULATED_FAULTS:
            name = f"{fault.replace('_', '-')}-{vendor}"
            providers[name] = {**providers[vendor], "timeouts": {"idle_s": 0.3}}
            models[f"{dialect}-{fault}"] = {"targets": [f"{name}/{model}", second]}
    config = {"providers": providers, "models": models}
    with Gateway(tmp_path_factory.mktemp("simulators"), config) as running:
        yield running


@pytest.mark.parametrize("fault", SIMULATED_FAULTS)
@pytest.mark.parametrize("dialect", SIMULATED)
def test_every_fault_of_the_simulator_is_outlived(simulators, simulated, dialect, fault):
    """Each format is the provider's own: what there was of its text is told to the second, letter for letter."""
    key = simulators.make_key(f"{dialect}-{fault}")[1]
    simulated.conduct.replace([Behaviour(model=SIMULATED[dialect][1], fault=fault, stall_s=5)])
    try:
        said = ask(simulators.url, key, dialect, f"{dialect}-{fault}")
    finally:
        simulated.conduct.replace([])
    cut_off, rest = attempts(simulators)
    assert (cut_off["outcome"], rest["outcome"]) == ("cut", "ok")
    seam = int(rest["detail"].split("character ")[1].split(",")[0])
    assert 0 < seam < len(said.text)
    assert json.dumps(said.text[:seam], ensure_ascii=False).encode() in simulated.last().body
