"""The page of the four quadrants."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from scoring.drafts.drafting import current_model
from scoring.models import Quadrant
from scoring.quadrant_board import Cell, board, dot, shares
from sla.agreement.document.quadrants import quadrant_actions
from smarketing.pages.navigation import url_of
from teams.http import UserRequest


@require_GET
def quadrants(request: UserRequest) -> HttpResponse:
    """The four quadrants: how many leads, and what is agreed to do with them."""
    model = current_model()
    page = url_of("leads")
    actions = quadrant_actions(at=now())
    cells = {each: Cell(each, actions[each], url=f"{page}?quadrant={each.value}" if page else "") for each in Quadrant}
    squares: dict[tuple[int, int], int] = {}
    for found in shares():
        cell = cells[Quadrant(found["counted"])]
        cell.count += found["n"]
        cell.by_people += found["by_people"]
        place = found["column"], found["row"]
        squares[place] = squares.get(place, 0) + found["n"]
    most = max(squares.values(), default=1)
    context = {
        "model": model,
        "cells": cells,
        "total": sum(cell.count for cell in cells.values()),
        "dots": [dot(place, count, most) for place, count in sorted(squares.items())],
        "board": board(model) if model else None,
    }
    return render(request, "dashboards/numbers/quadrants.html", context)
