"""Which files of a data directory are kept, and how they come back."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_django import Settings

from smarketing.backup.contents import Staging, files_of
from smarketing.backup.problems import BackupProblem, Damaged
from smarketing.backup.reading import alone


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
    with staging.in_place():
        pass
    assert (tmp_path / "secret_key").read_text() == "new"
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["new.eml"]
    assert (tmp_path / "restored-over/secret_key").read_text() == "old"
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "restoring").exists()


def staged(var: Path) -> Staging:
    """A secret and a mail that come back, where others lie."""
    for name in ("secret_key", "mail/a.eml"):
        write(var / name, "old")
    staging = Staging(var)
    for name in ("files/secret_key", "files/mail/b.eml", "files/encryption_key"):
        staging.write(name, iter([b"new"]))
    return staging


def as_it_was(var: Path) -> bool:
    kept = {str(path.relative_to(var)): path.read_text() for name, path in files_of(var)}
    return kept == {"secret_key": "old", "mail/a.eml": "old"}


def test_where_the_database_does_not_keep_it_the_files_are_put_back(tmp_path: Path) -> None:
    staging = staged(tmp_path)
    with suppress(ZeroDivisionError), staging.in_place():
        assert (tmp_path / "secret_key").read_text() == "new"
        raise ZeroDivisionError
    assert as_it_was(tmp_path)


@pytest.mark.parametrize("name", ["secret_key", "mail"])
def test_where_one_cannot_be_put_in_its_place_none_is(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = staged(tmp_path)
    rename = Path.rename

    def busy(path: Path, target: Path) -> Path:
        if path == staging.folder / name:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", busy)
    with pytest.raises(BackupProblem, match="resource busy.* Nothing was changed"), staging.in_place():
        pytest.fail("it goes on")
    assert as_it_was(tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write(tmp_path / "restoring/mail", "in the way")
    with pytest.raises(BackupProblem, match="restoring/mail.* cannot be written: .* Nothing was changed"):
        Staging(tmp_path).write("files/mail/a.eml", iter([b"new"]))


def test_one_backup_comes_back_at_a_time(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path / "new" / "var"
    with alone(), pytest.raises(BackupProblem, match="Another backup"), alone():
        pytest.fail("it goes on")
    with alone():
        pass


@pytest.mark.parametrize("name", ["files/../out", "files/installation", "files/mail/../../out", "files"])
def test_a_file_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Damaged):
        Staging(tmp_path / "var").write(name, iter([b""]))
    assert not (tmp_path / "out").exists()
