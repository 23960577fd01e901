from collections.abc import Iterator

import pytest

from bench.running import events, memory
from bench.running.events import Moments, Pace
from teams.permissions import WHO_MAY


def test_an_event_waits_from_its_answer_or_from_its_question():
    moments = Moments(begun={1: 0.0, 2: 1.0, 3: 2.0}, ended={1: 0.5, 2: 1.5, 3: 2.5}, seen={1: 0.75, 2: 1.25})
    assert moments.since(moments.begun) == [0.25, 0.75]
    # The hand-off of the second was seen before its answer had come.
    assert moments.since(moments.ended) == [0.0, 0.25]


@pytest.mark.django_db
def test_an_event_without_a_hand_off_misses_the_aim(capsys: pytest.CaptureFixture[str], tmp_path, settings):
    settings.VAR_DIR = tmp_path
    moments = Moments(begun={1: 0.0, 2: 1.0}, ended={1: 0.5, 2: 1.5}, seen={1: 0.6})
    events._print(Pace("idle", 2, 1, 1, 0.25), moments, leads=10)
    printed = capsys.readouterr().out
    assert "2 events, 1 without a hand-off" in printed
    assert "p95 0.100 s; the aim is at most 0.250: missed" in printed
    assert len(list((tmp_path / "bench").glob("event-*.json"))) == 1


def test_a_percentile_is_one_of_the_values():
    assert events._percentile([float(n) for n in range(1, 101)], 95) == 95
    assert events._percentile([1.0], 95) == 1
    assert events._percentile([], 50) == float("inf")


def test_every_page_of_the_permission_table_is_asked_for():
    found: Iterator[tuple[str, str]] = memory.addresses()
    names = {name for name, _address in found}
    assert {"home", "leads", "lead", "weekly", "inbox", "agreement"} <= names
    pages = {name for name in WHO_MAY if not name.startswith("api-")}
    # What takes a word in its address has no first one.
    assert len(pages - names) < len(pages) / 4
