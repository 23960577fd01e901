"""The pages of numbers both teams look at."""

from dashboards.goals.models import Goal
from dashboards.reviews.models import KeptReview
from dashboards.weekly.models import KeptWeek, WeeklyReport

__all__ = ["Goal", "KeptReview", "KeptWeek", "WeeklyReport"]
