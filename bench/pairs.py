"""Product and floor in turns: what disturbs one disturbs the other, and the median of the ratios lasts."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from django.db import connection

from bench.database import wait_for_sweepers
from bench.machine import Load, Peak, postmaster
from bench.report import say

# Seconds of processor time that can be told from none.
LEAST = 0.0001


@dataclass(frozen=True)
class Benchmark:
    """One piece of work, done both ways. Each run is told its number, so that it finds something to change."""

    name: str
    what: str
    product: Callable[[int], int]
    floor: Callable[[int], int]
    # Product ÷ floor, at most.
    aim: float
    # What both ways count, such as "leads".
    unit: str
    prepare: Callable[[int], None] = lambda run: None
    check: Callable[[int], None] = lambda run: None


@dataclass(frozen=True)
class Run:
    seconds: float
    # Of all processors together, by us and by the database server.
    processor: float
    # How many they did, and the share of the machine that others used meanwhile.
    done: int
    others: float


@dataclass(frozen=True)
class Watched:
    """The most bytes that this process and the server took, and how many processes of the server worked at once."""

    process: int
    database: int
    workers: int


@dataclass(frozen=True)
class Result:
    benchmark: Benchmark
    pairs: list[tuple[Run, Run]]
    product_peak: Watched
    floor_peak: Watched

    @property
    def ratio(self) -> float:
        return median(product.seconds / floor.seconds for product, floor in self.pairs)

    @property
    def processor_ratio(self) -> float:
        """The same by processor time: what runs on two processors at once is not half the work."""
        return median(product.processor / max(floor.processor, LEAST) for product, floor in self.pairs)

    @property
    def product(self) -> float:
        return median(product.seconds for product, _ in self.pairs)

    @property
    def floor(self) -> float:
        return median(floor.seconds for _, floor in self.pairs)

    @property
    def product_processor(self) -> float:
        return median(product.processor for product, _ in self.pairs)

    @property
    def floor_processor(self) -> float:
        return median(floor.processor for _, floor in self.pairs)

    @property
    def done(self) -> int:
        return self.pairs[0][0].done

    @property
    def others(self) -> float:
        return max(run.others for pair in self.pairs for run in pair)


def run(benchmark: Benchmark, *, count: int) -> Result:
    say(f"{benchmark.what}: once to warm up, {count} pairs, once to watch memory and processes.")
    server = postmaster()
    numbers = iter(range(2 * count + 4))
    for way in (benchmark.product, benchmark.floor):
        _timed(benchmark, way, next(numbers), server)
    pairs = []
    for nth in range(count):
        number = next(numbers)
        ways = [benchmark.product, benchmark.floor]
        timed = [_timed(benchmark, way, number, server) for way in (ways if nth % 2 else ways[::-1])]
        product, floor = timed if nth % 2 else timed[::-1]
        ratios = product.seconds / floor.seconds, product.processor / max(floor.processor, LEAST)
        say(f"  {product.seconds:8.3f} s {floor.seconds:8.3f} s  {ratios[0]:5.2f}  by processor {ratios[1]:5.2f}")
        pairs.append((product, floor))
    product_peak = _watched(benchmark, benchmark.product, number := next(numbers), server)
    benchmark.check(number)
    return Result(benchmark, pairs, product_peak, _watched(benchmark, benchmark.floor, next(numbers), server))


def _timed(benchmark: Benchmark, way: Callable[[int], int], number: int, server: int | None) -> Run:
    benchmark.prepare(number)
    # Each starts with what the other left behind swept up and written out.
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    wait_for_sweepers()
    before = Load.now(server)
    start = perf_counter()
    done = way(number)
    seconds = perf_counter() - start
    after = Load.now(server)
    return Run(seconds, after.since(before), done, after.others_since(before, seconds))


def _watched(benchmark: Benchmark, way: Callable[[int], int], number: int, server: int | None) -> Watched:
    benchmark.prepare(number)
    with Peak(server) as peak:
        way(number)
    return Watched(peak.process, peak.database, peak.workers)
