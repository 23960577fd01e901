"""Which files of a data directory are kept, and how they come back."""

from pathlib import Path

import pytest

from smarketing.backup.contents import Staging, files_of
from smarketing.backup.problems import Damaged


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_secrets_and_mails_are_kept_and_the_identity_is_not(tmp_path: Path) -> None:
    for name in ("secret_key", "installation", "mail/a.eml", "mail/b.part", "media/x/y", "postgres/PG_VERSION"):
        write(tmp_path / name, name)
    assert [name for name, _path in files_of(tmp_path)] == ["files/secret_key", "files/mail/a.eml", "files/media/x/y"]


def test_files_come_back_together_and_what_lay_there_is_kept_aside(tmp_path: Path) -> None:
    write(tmp_path / "secret_key", "old")
    write(tmp_path / "mail/old.eml", "old")
    staging = Staging(tmp_path)
    staging.write("files/secret_key", iter([b"ne", b"w"]))
    staging.write("files/mail/new.eml", iter([b"new"]))
    assert (tmp_path / "secret_key").read_text() == "old"
    staging.put_in_place()
    assert (tmp_path / "secret_key").read_text() == "new"
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["new.eml"]
    assert (tmp_path / "restored-over/secret_key").read_text() == "old"
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "restoring").exists()


@pytest.mark.parametrize("name", ["files/../out", "files/installation", "files/mail/../../out", "files"])
def test_a_file_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Damaged):
        Staging(tmp_path / "var").write(name, iter([b""]))
    assert not (tmp_path / "out").exists()
