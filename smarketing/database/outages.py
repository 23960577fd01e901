"""What is nobody's fault: the database is away, full, read only, or two were in each other's way."""

from django.db import DatabaseError, Error, InterfaceError, OperationalError

# PostgreSQL's classes of errors: connection, transaction given up, resources, shut down.
CLASSES = ("08", "40", "53", "57P")
READ_ONLY = "25006"


def is_outage(problem: BaseException | None) -> bool:
    """Whether the same may go well a little later."""
    if not isinstance(problem, Error):
        return False
    code = getattr(problem.__cause__, "pgcode", None) or ""
    if not code:
        # A server that is killed in the middle of its answer is of no narrower class.
        return isinstance(problem, OperationalError | InterfaceError) or type(problem) is DatabaseError
    return code == READ_ONLY or code.startswith(CLASSES)
