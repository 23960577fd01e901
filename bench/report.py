"""What was measured: a table to read, a file to keep."""

from __future__ import annotations

import json
import os
import platform
import sys
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.utils.timezone import now

if TYPE_CHECKING:
    from bench.pairs import Result, Run, Watched

# Others that use more of the machine than this disturb a run.
QUIET = 0.1


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def print_result(result: Result, **size: Any) -> None:
    print("\n".join(_table(result)), flush=True)
    keep(result.benchmark.name, _facts(result, size))


def keep(name: str, facts: dict[str, Any]) -> None:
    """Keep what was measured in a file, with where and when it was."""
    folder = settings.VAR_DIR / "bench"
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}-{now():%Y%m%d-%H%M%S}.json"
    machine = {"processors": os.cpu_count(), "python": platform.python_version(), "postgres": _postgres()}
    where = {"machine": machine, "at": now().isoformat(timespec="seconds")}
    file.write_text(json.dumps({"benchmark": name, **facts, **where}, indent=1) + "\n")
    print(f"kept in {file}", flush=True)


def _table(result: Result) -> list[str]:
    aim = result.benchmark.aim
    verdict = "reached" if result.ratio <= aim else "missed"
    lines = [
        f"{result.benchmark.what}: {result.done:,} {result.benchmark.unit}, median of {len(result.pairs)} pairs",
        f"  {'':8}{'seconds':>10}{'processor':>11}{result.benchmark.unit + '/s':>14}"
        f"{'peak of process':>18}{'peak of server':>17}{'processes':>11}",
        _line("product", result.product, result.product_processor, result.done, result.product_peak),
        _line("floor", result.floor, result.floor_processor, result.done, result.floor_peak),
        f"  product ÷ floor {result.ratio:.2f}; the aim is at most {aim:.1f}: {verdict}"
        f"; by processor time {result.processor_ratio:.2f}",
    ]
    if result.others > QUIET:
        lines.append(
            f"  Others used up to {result.others:.0%} of the machine meanwhile: run it again when it is quiet."
        )
    return lines


def _line(name: str, seconds: float, processor: float, done: int, peak: Watched) -> str:
    """Seconds by the clock and of processors, what was done, and the most memory and processes of the server."""
    speed = f"{done / seconds:,.0f}"
    used = f"{_megabytes(peak.process):>18}{_megabytes(peak.database):>17}{peak.workers or 'not seen':>11}"
    return f"  {name:8}{seconds:10.3f}{processor:11.3f}{speed:>14}{used}"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB" if size else "not seen"


def _facts(result: Result, size: dict[str, Any]) -> dict[str, Any]:
    return {
        **size,
        "done": result.done,
        "ratio": round(result.ratio, 3),
        "processor_ratio": round(result.processor_ratio, 3),
        "aim": result.benchmark.aim,
        "product_seconds": round(result.product, 4),
        "floor_seconds": round(result.floor, 4),
        "product_processor_seconds": round(result.product_processor, 4),
        "floor_processor_seconds": round(result.floor_processor, 4),
        "pairs": [[_run(product), _run(floor)] for product, floor in result.pairs],
        "peak_bytes": {"product": _bytes(result.product_peak), "floor": _bytes(result.floor_peak)},
        "processes": {"product": result.product_peak.workers, "floor": result.floor_peak.workers},
        "others_at_most": round(result.others, 3),
    }


def _bytes(peak: Watched) -> dict[str, int]:
    return {"process": peak.process, "database": peak.database}


def _run(run: Run) -> dict[str, float]:
    processor = round(run.processor, 4)
    return {"seconds": round(run.seconds, 4), "processor": processor, "others": round(run.others, 3)}


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    return str(version)
