"""The funnel of the week: how many leads entered each stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dashboards.weekly.computing import AVERAGED_WEEKS
from dashboards.weekly.linked_numbers import LinkedNumbers, Number, Share
from funnel.models import Stage
from metrics.rate import Rate


@dataclass(frozen=True)
class StageLine:
    """One stage: how many entered it in the week, and what share of those who entered the stage before."""

    stage: Stage
    entered: Number
    average: float
    longest: float
    share: Share | None
    before: Rate | None
    is_over: bool

    @property
    def change(self) -> float | None:
        return (self.entered.n - self.average) / self.average if self.is_over and self.average else None

    @property
    def points(self) -> float | None:
        if not self.is_over or self.share is None or self.before is None:
            return None
        now, earlier = self.share.rate.value, self.before.value
        return None if now is None or earlier is None else now - earlier


class FunnelNumbers(LinkedNumbers):
    """The funnel of one week, beside the weeks before it."""

    @cached_property
    def stages(self) -> list[StageLine]:
        stored = self.numbers["stages"]
        averages = [sum(line["before"]) / AVERAGED_WEEKS for line in stored]
        longest = max([*averages, *(line["entered"] for line in stored), 1])
        lines = []
        for n, line in enumerate(stored):
            role, previous = line["role"], stored[n - 1] if n else None
            share = before = None
            if previous:
                share = self.conversion(previous["role"], role, [line["entered"], previous["entered"]])
                before = Rate(sum(line["before"]), sum(previous["before"]))
            entered = self.count("entered", line["entered"], to_role=role)
            stage = self.stage_of[role]
            lines.append(StageLine(stage, entered, averages[n], longest, share, before, self.is_over))
        return lines
