"""One lead in the plane of fit and interest."""

from decimal import Decimal

import pytest

from dashboards.lead.quadrant_plot import BOTTOM, LEFT, RIGHT, TOP, Cell, Plot, plot_quadrants, x_of, y_of
from scoring.formula import MILLION
from scoring.models import Quadrant, Score, ScoreModel


def plot(fit: float = 60, interest: float = 30, fit_from: float = 50, interest_from: float = 50, **score: str) -> Plot:
    model = ScoreModel(number=1, fit_threshold=Decimal(str(fit_from)), interest_threshold=Decimal(str(interest_from)))
    return plot_quadrants(Score(model=model, fit=int(fit * MILLION), interest=int(interest * MILLION), **score))


def cells(of: Plot) -> dict[Quadrant, Cell]:
    return {cell.quadrant: cell for cell in of.cells}


def test_interest_runs_to_the_right_and_fit_upwards():
    assert (x_of(0), x_of(100)) == (LEFT, RIGHT)
    assert (y_of(0), y_of(100)) == (BOTTOM, TOP)
    assert (x_of(50), y_of(50)) == (158, 108)


def test_a_lead_lies_where_its_scores_are():
    drawn = plot(fit=75, interest=25)
    assert (drawn.x, drawn.y) == (x_of(25), y_of(75))


def test_the_quadrants_lie_on_their_sides_of_the_thresholds():
    drawn = plot(fit_from=30, interest_from=70)
    by = cells(drawn)
    assert by[Quadrant.NURTURE].x == by[Quadrant.DROP].x == LEFT
    assert by[Quadrant.NURTURE].y == by[Quadrant.HOT].y == TOP
    assert by[Quadrant.HOT].x > drawn.threshold_x == x_of(70)
    assert by[Quadrant.DROP].y > drawn.threshold_y == y_of(30)
    for right in (by[Quadrant.HOT], by[Quadrant.OPPORTUNISTIC]):
        assert right.x + right.width == pytest.approx(RIGHT)
    for below in (by[Quadrant.DROP], by[Quadrant.OPPORTUNISTIC]):
        assert below.y + below.height == pytest.approx(BOTTOM)


@pytest.mark.parametrize("threshold", [0, 0.5, 100])
def test_a_threshold_at_an_edge_leaves_no_cell_below_nothing(threshold: float):
    drawn = plot(fit_from=threshold, interest_from=threshold)
    assert all(cell.width >= 0 and cell.height >= 0 for cell in drawn.cells)


@pytest.mark.parametrize(
    ("machine", "override", "here"), [("hot", "", Quadrant.HOT), ("hot", "drop", Quadrant.DROP), ("drop", "", "drop")]
)
def test_the_quadrant_that_counts_is_marked(machine: str, override: str, here: str):
    drawn = plot(machine_quadrant=machine, override=override)
    assert [cell.quadrant for cell in drawn.cells if cell.is_here] == [here]


def test_a_name_stands_in_the_outer_corner_of_its_quadrant():
    by = cells(plot())
    hot, drop = by[Quadrant.HOT], by[Quadrant.DROP]
    assert (hot.name_x, hot.name_y) == (RIGHT - 10, TOP + 20)
    assert (drop.name_x, drop.name_y) == (LEFT + 10, BOTTOM - 10)


def test_a_label_turns_to_the_left_near_the_right_edge():
    near, far = plot(interest=95), plot(interest=50)
    assert near.label_end
    assert near.label_x < near.x
    assert not far.label_end
    assert far.label_x > far.x


@pytest.mark.parametrize("fit", [0, 100])
def test_a_label_stays_inside_the_plot(fit: float):
    assert TOP < plot(fit=fit).label_y < BOTTOM
