"""Others at the same database at the same time, each with a connection of their own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from typing import TypeVar

from django.db import connection, connections, transaction

T = TypeVar("T")
WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""


class Others:
    """Somebody else, with a connection of their own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool = pool

    def do(self, act: Callable[[], T]) -> Future[T]:
        def in_transaction() -> T:
            try:
                with transaction.atomic():
                    return act()
            finally:
                connections.close_all()

        return self.pool.submit(in_transaction)

    def hold(self, take: Callable[[], object]) -> Callable[[], None]:
        """Let them take a lock, and return what lets it go."""
        taken, done = Event(), Event()

        def act() -> None:
            take()
            taken.set()
            done.wait(30)

        held = self.do(act)
        assert taken.wait(30)

        def let_go() -> None:
            done.set()
            held.result()

        return let_go


def await_waiting(number: int) -> None:
    """Until that many wait for an advisory lock."""
    end = monotonic() + 30
    with connection.cursor() as cursor:
        while monotonic() < end:
            cursor.execute(WAITING)
            if cursor.fetchone() == (number,):
                return
            sleep(0.01)
    raise AssertionError(f"{number} do not wait.")
