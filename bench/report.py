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
    from bench.pairs import Peak, Result, Run

# Others that use more of the machine than this disturb a run.
QUIET = 0.1


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def print_result(result: Result, **size: Any) -> None:
    print("\n".join(_table(result)), flush=True)
    folder = settings.VAR_DIR / "bench"
    folder.mkdir(exist_ok=True)
    file = folder / f"{result.benchmark.name}-{now():%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(_facts(result, size), indent=1) + "\n")
    print(f"kept in {file}", flush=True)


def _table(result: Result) -> list[str]:
    aim = result.benchmark.aim
    verdict = "reached" if result.ratio <= aim else "missed"
    lines = [
        f"{result.benchmark.what}: {result.done:,} {result.benchmark.unit}, median of {len(result.pairs)} pairs",
        f"  {'':8}{'seconds':>10}{result.benchmark.unit + '/s':>14}{'peak of process':>18}{'peak of server':>17}",
        _line("product", result.product, result.done, result.product_peak),
        _line("floor", result.floor, result.done, result.floor_peak),
        f"  product ÷ floor {result.ratio:.2f}; the aim is at most {aim:.1f}: {verdict}",
    ]
    if result.others > QUIET:
        lines.append(
            f"  Others used up to {result.others:.0%} of the machine meanwhile: run it again when it is quiet."
        )
    return lines


def _line(name: str, seconds: float, done: int, peak: Peak) -> str:
    speed = f"{done / seconds:,.0f}"
    return f"  {name:8}{seconds:10.3f}{speed:>14}{_megabytes(peak.process):>18}{_megabytes(peak.database):>17}"


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB" if size else "not seen"


def _facts(result: Result, size: dict[str, Any]) -> dict[str, Any]:
    return {
        "benchmark": result.benchmark.name,
        **size,
        "done": result.done,
        "ratio": round(result.ratio, 3),
        "aim": result.benchmark.aim,
        "product_seconds": round(result.product, 4),
        "floor_seconds": round(result.floor, 4),
        "pairs": [[_run(product), _run(floor)] for product, floor in result.pairs],
        "peak_bytes": {"product": vars(result.product_peak), "floor": vars(result.floor_peak)},
        "others_at_most": round(result.others, 3),
        "machine": {"processors": os.cpu_count(), "python": platform.python_version(), "postgres": _postgres()},
        "at": now().isoformat(timespec="seconds"),
    }


def _run(run: Run) -> dict[str, float]:
    return {"seconds": round(run.seconds, 4), "others": round(run.others, 3)}


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    return str(version)
