"""Known faults of the locked versions: `python -m tests.advisories` asks OSV, the open list of advisories.

Ends with 1 where a locked version is in it. Where it cannot be reached, nothing is checked, and one line says so.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

BASE = Path(__file__).resolve().parent.parent
# What the tests need holds what the product needs, in the same versions.
LOCK = BASE / "requirements-dev.txt"
ADDRESS = "https://api.osv.dev/v1/querybatch"
TIMEOUT = 5
# Advisory: why it does not touch us.
ACCEPTED: dict[str, str] = {}

Locked = tuple[str, str]


def locked(text: str) -> list[Locked]:
    """Name and version of each package in a lock file."""
    return re.findall(r"^([\w.-]+)(?:\[[^]]*])?==([\w.!+-]+)", text, re.MULTILINE)


def advisories(packages: Iterable[Locked], address: str = ADDRESS) -> dict[Locked, list[str]]:
    """The ids of what is known against these, without what is accepted. Raises `OSError` where nobody answers."""
    packages = list(packages)
    queries = [{"package": {"ecosystem": "PyPI", "name": name}, "version": version} for name, version in packages]
    request = Request(address, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            results = json.load(answer)["results"]
    except (HTTPException, ValueError, KeyError) as problem:
        raise OSError(f"no answer that can be read: {problem!r}") from problem
    found = {}
    for package, result in zip(packages, results, strict=True):
        if known := [each["id"] for each in result.get("vulns", ()) if each["id"] not in ACCEPTED]:
            found[package] = known
    return found


def main() -> None:
    packages = locked(LOCK.read_text(encoding="utf-8"))
    try:
        found = advisories(packages)
    except OSError as problem:
        print(f"Not checked: the list of advisories cannot be reached ({problem}).")
        return
    for (name, version), ids in found.items():
        print(f"{name} {version}: {', '.join(ids)}")
    print(f"{len(packages)} packages, {len(found)} with known faults.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
