"""How the tests are asked whether they notice a mutant: loaded by `[tool.mutmut]` into each of its runs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, is_hypothesis_test, settings

# The same examples each time, as a mutant that is noticed by chance is no finding; and the first that fails is enough,
# as the smallest takes minutes to find.
settings.register_profile(
    "mutants",
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Plain tests first: they take no time, and notice most."""
    items.sort(key=lambda item: is_hypothesis_test(getattr(item, "obj", None)))
