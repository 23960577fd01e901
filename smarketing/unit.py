"""Print a unit for systemd, made for this checkout: `python -m smarketing.unit [SETTINGS]`. See docs/running.md."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from smarketing import env
from smarketing.embedded.place import BASE_DIR

# Variables that the shell of the command gives, where no file does.
GIVEN = ("VAR_DIR", "PORT", "BIND")


def unit(settings: str = "", *, user: str = "") -> str:
    """The text of the unit. Raises `env.Refused` where a path has what no unit can hold."""
    template = (BASE_DIR / "deploy" / "smarketing.service").read_text()
    return template.format(
        docs=(BASE_DIR / "docs" / "running.md").as_uri().replace("%", "%%"),
        user=user or getpass.getuser(),
        checkout=_plain(BASE_DIR),
        python=quoted(str(BASE_DIR / ".venv" / "bin" / "python")).replace("$", "$$"),
        settings="\n".join(_settings(settings)),
    )


def _settings(path: str) -> list[str]:
    if path:
        return [f"EnvironmentFile={_plain(Path(os.path.abspath(path)))}"]
    return [f"Environment={quoted(f'{name}={env.text(name)}')}" for name in GIVEN if env.text(name)]


def quoted(word: str) -> str:
    """One word as systemd takes it, whatever it holds: % stands for itself."""
    if "\n" in word:
        raise env.Refused(f"{word!r}: a unit of systemd holds no line breaks.")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _plain(path: Path) -> str:
    """A path where systemd takes the rest of the line as it is."""
    if "\n" in str(path):
        raise env.Refused(f"{str(path)!r}: a unit of systemd holds no line breaks.")
    return str(path).replace("%", "%%")


if __name__ == "__main__":
    print(unit(*sys.argv[1:2]), end="")
