"""How both teams keep their word about hand-offs: how many are offered, how they are answered, and how soon, and what
becomes of the leads.

A hand-off counts once, under the rep it was offered to, and under the persona and the quadrant that its lead had when
it was offered: see docs/decisions/0015-hand-offs-keep-what-they-were.md. All of them open the leads that were handed
over.
"""

from metrics.registry import register, register_dimension
from sla.metrics import answers, clocks, handoffs, offers, stock, touches

for dimension in handoffs.OWN:
    register_dimension(dimension)
for one in (offers, answers, clocks, touches, stock):
    for metric in one.METRICS:
        register(metric)
