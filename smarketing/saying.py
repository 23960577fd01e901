"""What the supervisor and the embedded servers say: bare at a terminal, as a line of the log elsewhere."""

import sys
from datetime import UTC, datetime
from typing import TextIO


def say(line: str, stream: TextIO | None = None) -> None:
    stream = stream or sys.stdout
    print(line if stream.isatty() else dated(line), file=stream, flush=True)


def dated(line: str) -> str:
    """As `LOGGING` of the settings writes it."""
    moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S,%f}"[:-3]
    return f"{moment} INFO smarketing: {line}"
