"""Product and floor in turns: what disturbs one disturbs the other, and the median of the ratios lasts."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from django.db import connection

from bench.machine import Load, PeakMemory, postmaster
from bench.report import say


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
    # How many they did, and the share of the machine that others used meanwhile.
    done: int
    others: float


@dataclass(frozen=True)
class Peak:
    process: int
    database: int


@dataclass(frozen=True)
class Result:
    benchmark: Benchmark
    pairs: list[tuple[Run, Run]]
    product_peak: Peak
    floor_peak: Peak

    @property
    def ratio(self) -> float:
        return median(product.seconds / floor.seconds for product, floor in self.pairs)

    @property
    def product(self) -> float:
        return median(product.seconds for product, _ in self.pairs)

    @property
    def floor(self) -> float:
        return median(floor.seconds for _, floor in self.pairs)

    @property
    def done(self) -> int:
        return self.pairs[0][0].done

    @property
    def others(self) -> float:
        return max(run.others for pair in self.pairs for run in pair)


def run(benchmark: Benchmark, *, count: int) -> Result:
    server = postmaster()
    say(f"{benchmark.what}: once to warm up, {count} pairs, once to watch the memory.")
    peaks = []
    numbers = iter(range(2 * count + 4))
    for way in (benchmark.product, benchmark.floor):
        _timed(benchmark, way, next(numbers), server)
    pairs = []
    for nth in range(count):
        number = next(numbers)
        ways = [benchmark.product, benchmark.floor]
        timed = [_timed(benchmark, way, number, server) for way in (ways if nth % 2 else ways[::-1])]
        product, floor = timed if nth % 2 else timed[::-1]
        say(f"  {product.seconds:8.3f} s {floor.seconds:8.3f} s  {product.seconds / floor.seconds:5.2f}")
        pairs.append((product, floor))
    benchmark.check(number)
    for way in (benchmark.product, benchmark.floor):
        number = next(numbers)
        benchmark.prepare(number)
        with PeakMemory(server) as memory:
            way(number)
        peaks.append(Peak(memory.process, memory.database))
    return Result(benchmark, pairs, *peaks)


def _timed(benchmark: Benchmark, way: Callable[[int], int], number: int, server: int | None) -> Run:
    benchmark.prepare(number)
    # Each starts with what the other left behind swept up and written out.
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    before = Load.now(server)
    start = perf_counter()
    done = way(number)
    seconds = perf_counter() - start
    return Run(seconds, done, Load.now(server).others_since(before, seconds))
