"""Why opportunities were won and lost in the week."""

from __future__ import annotations

from functools import cached_property

from dashboards.weekly.handoffs import Counted
from dashboards.weekly.linked_numbers import LinkedNumbers
from funnel.models import Reason
from metrics.question import dimension


class DealNumbers(LinkedNumbers):
    """The outcomes of one week by their reasons. Weeks that were kept before these were counted have none."""

    @cached_property
    def won_reasons(self) -> list[Counted]:
        return self._by_reason("contracts", "won_reason", Reason.Kind.WON)

    @cached_property
    def lost_reasons(self) -> list[Counted]:
        return self._by_reason("lost", "lost_reason", Reason.Kind.LOST)

    @property
    def tells_reasons(self) -> bool:
        return "deals" in self.numbers

    def _by_reason(self, name: str, by: str, kind: Reason.Kind) -> list[Counted]:
        counts: dict[str, int] = self.numbers.get("deals", {}).get(name, {})
        total = sum(counts.values())
        names = {reason.key: str(reason) for reason in Reason.objects.known() if reason.kind == kind} | {
            "": dimension(by).key_label("")
        }
        lines = [Counted(key, names.get(key, key), self.count(name, n, key, by=by), total) for key, n in counts.items()]
        return sorted(lines, key=lambda line: (-line.number.n, line.name))
