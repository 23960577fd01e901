"""A copy of the product and its tests, to be broken."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.changed import BASE, git


def copy_to(folder: Path) -> Path:
    """Copy all that git knows or would add, as it is; what is not committed yet too."""
    for path in git("ls-files", "--cached", "--others", "--exclude-standard"):
        if (BASE / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BASE / path, folder / path)
    return folder
