"""The command line: `python -m bench rescore --size 100k`."""

import argparse
import os
import sys
from contextlib import closing
from typing import NamedTuple

from smarketing import embedded


class Size(NamedTuple):
    leads: int
    activities: int


SIZES = {
    "small": Size(10_000, 100_000),
    "10k": Size(10_000, 100_000),
    "100k": Size(100_000, 1_000_000),
    "1m": Size(1_000_000, 10_000_000),
}
NAMES = (
    "rescore", "increment", "flow", "import", "ingest", "breach", "sweep", "inbox", "offer", "page", "weekly", "lists",
    "morning", "event", "memory",
)  # fmt: skip


def main() -> int:
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
    # A program that may ask so often a minute would be all that is measured.
    os.environ["API_REQUESTS_A_MINUTE"] = "0"
    with embedded.attached():
        from bench import database, report  # noqa: PLC0415 - Django is set up for the bench's own database first

        with database.used():
            from bench import catalogue, generation, pairs  # noqa: PLC0415

            size = {"leads": options.leads, "activities": options.activities}
            generation.ensure(**size, seed=options.seed)
            for name in options.names or NAMES:
                with closing(catalogue.benchmarks(name, **size)) as benchmarks:
                    for benchmark in benchmarks:
                        result = pairs.run(benchmark, count=options.pairs)
                        report.print_result(result, **size, seed=options.seed)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"Which of {', '.join(NAMES)}; all when none is named."
    )
    parser.add_argument("--size", choices=SIZES, default="small", help="How many leads and activities.")
    parser.add_argument("--leads", type=_count, help="So many leads instead.")
    parser.add_argument("--activities", type=_count, help="So many activities instead.")
    parser.add_argument("--pairs", type=_count, default=5, help="Runs of product and floor, in turns; 5 or more count.")
    parser.add_argument("--seed", type=float, default=0.42, help="Of the generated data, between -1 and 1.")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]!r}, but: {', '.join(NAMES)}")
    options.leads = options.leads or SIZES[options.size].leads
    options.activities = options.activities or SIZES[options.size].activities
    return options


def _count(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
