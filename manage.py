#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL at hand when no other is given."""

import os
import sys

from smarketing import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    with embedded.attached(queue=False):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
