import pytest

from tests import shots
from tests.browser import MISSING, chromium
from tests.site import can_be_made

pytestmark = pytest.mark.browser


@pytest.fixture
def ready() -> None:
    if not can_be_made():
        pytest.skip("there is no demo company to show")
    with chromium() as browser:
        if browser is None:
            pytest.skip(MISSING)


@pytest.mark.usefixtures("ready")
def test_the_main_pages_look_right_to_everybody() -> None:
    album = shots.take(shots.MAIN, shots.OPPOSITES)
    assert album.complaints == []


@pytest.mark.proof
@pytest.mark.usefixtures("ready")
def test_every_page_looks_right_to_everybody() -> None:
    album = shots.take()
    assert album.complaints == []
