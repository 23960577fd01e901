"""Metrics of hand-offs: how many are offered, how and how soon they are answered, how they are worked, and how many of
their leads become customers.

A hand-off counts once, under the rep it was offered to, and under the persona and the quadrant that its lead had when
it was offered: see docs/decisions/0015-hand-offs-keep-what-they-were.md.
"""

from funnel.metrics.counting import register_step_key
from metrics.registry import register, register_dimension
from sla.metrics import answers, handoffs, offers, stock, timers, touches

for dimension in handoffs.HANDOFF_DIMENSIONS:
    register_dimension(dimension)
register_step_key("rep", handoffs.rep_of_step())
for module in (offers, answers, timers, touches, stock):
    for metric in module.METRICS:
        register(metric)
