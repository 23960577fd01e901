"""The tests of what changed: `python -m tests.changed` prints them for `make quick`.

Tests mirror the code: those of `sla/inbox/views.py` and of `templates/sla/inbox/` lie in `tests/sla/inbox/`. Changed is
what differs from where the branch left main; on main itself, what the last commit and the working tree changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
TESTS = BASE / "tests"
# What is tested as a whole: a test beside that of the room, by the path of the changed file.
WHOLE = {
    r"(urls|permissions)\.py$": "tests/test_permissions.py",
    r"/api(/\w+)?\.py$": "tests/test_api_contract.py",
    r"\.(html|css)$": "tests/smarketing/pages/test_templates.py",
    r"^static/(css|js)/": "tests/smarketing/static_files/test_finders.py",
    r"\.po$": "tests/smarketing/test_translations.py",
    r"\.md$": "tests/test_documents.py",
}


def changed_files() -> list[str]:
    """Paths from the root of the repository, also of what is not yet added; without what was deleted."""
    listed = [*git("diff", "--name-only", base()), *git("ls-files", "--others", "--exclude-standard")]
    return sorted(path for path in set(listed) if (BASE / path).exists())


def base() -> str:
    """The commit with which the working tree is compared."""
    for main in ("origin/main", "main"):
        (shared,) = git("merge-base", "HEAD", main) or [""]
        if shared:
            (head,) = git("rev-parse", "HEAD")
            return f"{head}~1" if shared == head else shared
    return "HEAD"


def git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=BASE, capture_output=True, text=True).stdout.splitlines()


def choose(path: str) -> Iterator[str]:
    """What to hand to pytest for one changed file: folders and files of tests."""
    top, *below = Path(path).parts
    yield from (whole for shape, whole in WHOLE.items() if re.search(shape, path))
    if top == "tests":
        yield from tests_beside(Path(path))
    elif top in {"templates", "locale"}:
        yield from mirrored(Path(*below))
    else:
        yield from mirrored(Path(path))


def tests_beside(path: Path) -> Iterator[str]:
    """A test is its own; what helps tests helps those in its folder, and at the top all of them, which is too much."""
    if path.name.startswith("test_"):
        yield str(path)
    elif path.parent != Path("tests"):
        yield str(path.parent)


def mirrored(path: Path) -> Iterator[str]:
    """The folder of the room's tests. For what an app has outside its rooms, the app's tests outside rooms."""
    rooms = [folder for folder in path.parents if (TESTS / folder).is_dir()]
    if rooms and len(rooms[0].parts) > 1:
        yield f"tests/{rooms[0]}"
    elif rooms and rooms[0].parts:
        yield from (str(test.relative_to(BASE)) for test in sorted((TESTS / rooms[0]).glob("test_*.py")))


def choose_all(paths: Iterable[str]) -> list[str]:
    """Each test once: what lies in a folder that is named is not named again."""
    wanted = sorted({test for path in paths for test in choose(path)})
    return [test for test in wanted if not any(str(folder) in wanted for folder in Path(test).parents)]


if __name__ == "__main__":
    files = changed_files()
    print(f"{len(files)} files changed.", file=sys.stderr)
    print("\n".join(choose_all(files)))
