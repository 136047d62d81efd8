"""A finished film that all tests may look at, not change."""

import pytest
from studio_film_stand import SMALL, Drama


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Three shots, three lines, 6 seconds, made step by step."""
    drama = Drama(tmp_path_factory.mktemp("film"), SMALL).footage().sound()
    drama.film()
    drama.check()
    return drama
