#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL at hand when no other is given."""

import os
import sys

from smarketing import embedded, env
from smarketing.embedded.place import BASE_DIR
from smarketing.supervisor import unprivileged
from smarketing.supervisor.disk import told_in_one_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import DatabaseError, InterfaceError, connection  # noqa: PLC0415

    from smarketing.database.authors import writing  # noqa: PLC0415

    with told_in_one_line(), embedded.attached(queue=False), writing(how="command"):
        try:
            execute_from_command_line(sys.argv)
        except (DatabaseError, InterfaceError) as problem:
            from smarketing.database.given import refusal  # noqa: PLC0415

            refused = refusal(problem, connection)
            if refused is None or "--traceback" in sys.argv:
                raise
            raise refused
        finally:
            unprivileged.give_back(env.folder("VAR_DIR", BASE_DIR / "var"))


if __name__ == "__main__":
    main()
