"""What is said is bare at a terminal, and a line of the log elsewhere."""

import io
import re

import pytest

from smarketing.logs import FORMAT, GunicornLogger
from smarketing.saying import say
from smarketing.settings import CELERY_WORKER_LOG_FORMAT, LOGGING

LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO smarketing: hello\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "said"), [(Terminal(), "hello\n"), (io.StringIO(), LINE)])
def test_a_line_has_its_moment_unless_somebody_sits_there(stream: io.StringIO, said: str) -> None:
    say("hello", stream)
    assert re.fullmatch(said, stream.getvalue())


def test_all_processes_write_one_format() -> None:
    django = LOGGING["formatters"]["line"]["format"]  # type: ignore[index]
    assert (
        re.sub(r"\{(\w+)\}", r"%(\1)s", str(django)) == FORMAT == GunicornLogger.error_fmt == CELERY_WORKER_LOG_FORMAT
    )
