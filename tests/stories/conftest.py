"""The whole product, running over the demo company, for as long as the stories are told."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import MISSING, chromium
from tests.site import Site, demo_site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        if found is None:
            pytest.skip(MISSING)
        yield found


@pytest.fixture(scope="module")
def site(browser: Browser) -> Iterator[Site]:
    with demo_site("stories") as running:
        yield running
