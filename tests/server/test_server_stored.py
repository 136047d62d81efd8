"""Which keys a provider gets: those of the file, those of the store, or that of the environment."""

import pytest

from madang import catalog as catalogue
from madang.config.sections.models import FallbackRef, Model
from madang.config.sections.providers import Provider
from madang.config.settings import Settings
from madang.routing.board import Board
from madang.server.process.assembly import assemble, given_providers
from madang.state.vault import Opened
from madang.upstream.providers import ProviderProblem

CATALOG = catalogue.load()
ENVIRON = {"OPENAI_API_KEY": "sk-of-the-environment"}
OWN = "http://127.0.0.1:9/v1"


def keys_of(name, stored, provider=None, environ=(), models=None):
    """The keys with which a provider is spoken to; None: it is not served."""
    providers = {} if provider is None else {name: provider}
    settings = Settings(providers=providers, models=models or {})
    given = given_providers(settings, CATALOG, dict(environ), Opened(stored, ()))
    built = assemble(settings.models, given, CATALOG, Board()).providers
    return built[name].keys if name in built else None


@pytest.mark.parametrize(
    ("provider", "stored", "keys"),
    [
        (None, ("a", "b"), ("a", "b")),
        (Provider(), ("a",), ("a",)),
        (Provider(api_key="f"), ("a",), ("f",)),
        (Provider(api_key="stored"), ("a", "b"), ("a", "b")),
        (Provider(api_keys=("f", "stored", "a")), ("a", "b"), ("f", "a", "b")),
        (Provider(api_keys=("f", "stored")), (), ("f",)),
    ],
)
def test_the_file_comes_first_and_may_name_the_store(provider, stored, keys):
    assert keys_of("openai", {"openai": stored}, provider) == keys


def test_a_stored_key_comes_before_that_of_the_environment():
    assert keys_of("openai", {"openai": ("a",)}, environ=ENVIRON) == ("a",)
    assert keys_of("openai", {"openai": ()}, environ=ENVIRON) == ("sk-of-the-environment",)
    assert keys_of("openai", {}, environ=ENVIRON) == ("sk-of-the-environment",)


def test_a_provider_that_nobody_knows_waits_for_the_configuration():
    assert keys_of("gpu-box", {"gpu-box": ("a",)}) is None
    own = Provider(kind="openai", base_url=OWN)
    assert keys_of("gpu-box", {"gpu-box": ("a",)}, own) == ("a",)
    assert keys_of("gpu-box", {"gpu-box": ()}, own) == ()


@pytest.mark.parametrize("models", [
    {"m": Model(targets=("openai/gpt-4.1",))},
    {"m": Model(targets=("mistral/x",), fallback=(FallbackRef(to="openai/gpt-4.1"),))},
])  # fmt: skip
def test_a_model_still_leads_somewhere_when_the_last_stored_key_is_gone(models):
    """Else the whole configuration would be refused, and the removed key stay in force."""
    (placeholder,) = keys_of("openai", {"openai": ()}, models=models)
    assert placeholder.startswith("no-stored-key")
    assert keys_of("openai", {"openai": ()}) is None


def test_a_word_for_keys_that_there_never_were_is_a_fault():
    with pytest.raises(ProviderProblem, match="madang provider key add openai"):
        keys_of("openai", {}, Provider(api_keys=("stored",)))
