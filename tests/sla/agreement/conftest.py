import pytest

from sla.agreement.starter import first_agreement
from tests.sla.agreement.heads import NOW, Cast


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def signed(cast):
    """The first agreement, which holds from Tuesday on."""
    return first_agreement.sign_first_agreement(at=NOW)
