from collections.abc import Iterator

import pytest
import time_machine

from teams.models import Role, User
from tests import make
from tests.make import NOON, TEN


@pytest.fixture
def at_ten() -> Iterator[None]:
    with time_machine.travel(TEN, tick=False):
        yield


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def sam() -> User:
    return make.user(Role.REP, given_name="Sam")
