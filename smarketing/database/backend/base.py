"""The engine that the settings name."""

from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL

from smarketing.database import authors


class DatabaseWrapper(PostgreSQL):
    """Every connection of every process, without anybody having to think of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(authors.sign)
