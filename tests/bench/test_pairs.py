import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from bench import machine, report
from bench.__main__ import NAMES
from bench.pairs import Benchmark, Result, Run, Watched


def result(*pairs: tuple[float, float], others: float = 0.0) -> Result:
    work = Benchmark("toy", "Sort 10 toys", lambda run: 10, lambda run: 10, aim=2.0, unit="toys")
    # The product works on two processors at once.
    runs = [(Run(product, 2 * product, 10, others), Run(floor, floor, 10, 0)) for product, floor in pairs]
    return Result(work, runs, Watched(50 * 2**20, 0, 2), Watched(40 * 2**20, 0, 1))


def test_the_ratio_is_the_median_of_the_pairs_not_of_the_sums():
    """One disturbed pair, in which both were slow, does not count more than the others."""
    assert result((3, 2), (30, 10), (1.5, 1)).ratio == 1.5


@pytest.mark.django_db
def test_the_table_says_whether_the_aim_was_reached(capsys: pytest.CaptureFixture[str], tmp_path: Path, settings):
    settings.VAR_DIR = tmp_path
    report.print_result(result((3, 1)), leads=10)
    printed = capsys.readouterr().out
    assert "product ÷ floor 3.00; the aim is at most 2.0: missed; by processor time 6.00" in printed
    assert [line.split()[-1] for line in printed.splitlines()[2:4]] == ["2", "1"]
    assert "50 MB" in printed
    assert "not seen" in printed
    assert "Others used" not in printed


@pytest.mark.django_db
def test_it_says_when_others_used_the_machine(capsys: pytest.CaptureFixture[str], tmp_path: Path, settings):
    settings.VAR_DIR = tmp_path
    report.print_result(result((3, 2), others=0.4), leads=10)
    assert "Others used up to 40% of the machine" in capsys.readouterr().out


@pytest.mark.django_db
def test_what_was_measured_is_kept(tmp_path: Path, settings):
    settings.VAR_DIR = tmp_path
    report.print_result(result((3, 2)), leads=10, seed=0.5)
    (kept,) = (tmp_path / "bench").glob("toy-*.json")
    facts = json.loads(kept.read_text())
    assert (facts["ratio"], facts["leads"], facts["machine"]["postgres"][:2]) == (1.5, 10, "18")
    assert (facts["processor_ratio"], facts["processes"]) == (3.0, {"product": 2, "floor": 1})


@pytest.mark.django_db
def test_the_database_server_is_found_among_the_processes():
    server = machine.postmaster()
    assert server is not None
    assert machine.children(server)
    with machine.Peak(server, every=0.001) as peak:
        sum(range(1_000_000))
    assert peak.process > 0
    assert peak.database > 0


@pytest.mark.django_db
def test_processor_time_is_that_of_this_process_its_children_and_the_server():
    server = machine.postmaster()
    before = machine.Load.now(server)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n) FROM generate_series(1, 2000000) n")
    by_server = machine.Load.now(server).since(before)
    before = machine.Load.now(server)
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    by_child = machine.Load.now(server).since(before)
    before = machine.Load.now(server)
    sum(range(3_000_000))
    assert min(by_server, by_child, machine.Load.now(server).since(before)) > 0.01


@pytest.mark.proof
def test_the_whole_bench_runs_from_the_command_line(tmp_path: Path):
    command = [sys.executable, "-m", "bench", "--leads", "300", "--activities", "3000", "--pairs", "1"]
    done = subprocess.run(
        command, env=os.environ | {"VAR_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    kept = Counter(path.name.rsplit("-", 2)[0] for path in (tmp_path / "bench").glob("*.json"))
    lists = {f"lists-{way}" for way in ("first", "far", "filter", "search", "depth")}
    named = set(NAMES) - {"lists", "morning"} | lists | {"flow-scores", "import-rows"}
    assert set(kept) == named
    # These have no floor: how long the morning holds up others, and what only a running product shows.
    assert done.stdout.count("product ÷ floor") == len(named - {"event", "memory"})
    assert '"longest_wait"' in done.stderr
    assert done.stdout.count(" 0 without a hand-off") == 2
    assert "Memory after" in done.stdout
