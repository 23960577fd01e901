import pytest

from sla.agreement.starter import first_agreement
from tests import make
from tests.sla.agreement.pages.forms import LONG_AGO, Cast


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def signed(cast):
    return first_agreement.sign_first_agreement(at=LONG_AGO)


@pytest.fixture
def as_mara(client, cast):
    make.sign_in(client, cast.mara)
    return client
