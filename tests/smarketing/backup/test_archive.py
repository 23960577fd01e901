"""The file of a backup is read whole, or refused in one line."""

import io
import tarfile

import pytest

from smarketing.backup import archive
from smarketing.backup.archive import Writer, check, members
from smarketing.backup.problems import BackupProblem, Damaged, Foreign


def written() -> bytes:
    target = io.BytesIO()
    writer = Writer(target, {"made_at": "2026-11-29T12:00:00+00:00"})
    writer.add("files/mail/日本.eml", "こんにちは".encode())
    writer.add_parts("database", [b"x" * 3000, b"y" * 3000])
    writer.finish()
    return target.getvalue()


def test_what_was_written_is_read() -> None:
    stream = written()
    assert check(io.BytesIO(stream))["made_at"] == "2026-11-29T12:00:00+00:00"
    read = {member.name: member.content() for member in members(io.BytesIO(stream))}
    assert list(read) == [archive.ABOUT, "files/mail/日本.eml", "database/000001", "database/000002"]
    assert read["files/mail/日本.eml"].decode() == "こんにちは"
    assert read["database/000002"] == b"y" * 3000


def test_a_file_cut_off_anywhere_is_refused() -> None:
    stream = written()
    # Behind the digest only the tar's own end follows.
    end = stream.rindex(b"digest") + 1024
    for kept in range(0, end - 512, 256):
        with pytest.raises(BackupProblem):
            check(io.BytesIO(stream[:kept]))


def test_a_changed_byte_anywhere_is_refused() -> None:
    stream = written()
    for place in (stream.index(b"xxx"), stream.index("こん".encode()), stream.index(b"2026-11-29")):
        changed = stream[:place] + b"?" + stream[place + 1 :]
        with pytest.raises(Damaged):
            check(io.BytesIO(changed))


def test_what_is_whole_and_under_another_name_is_refused() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(written())) as found, tarfile.open(fileobj=target, mode="w") as tar:
        for member in found.getmembers():
            member.name = member.name.replace("database/000002", "database/000003")
            tar.addfile(member, found.extractfile(member))
    with pytest.raises(Damaged):
        check(io.BytesIO(target.getvalue()))


def another_tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/passwd"))
    return target.getvalue()


@pytest.mark.parametrize("stream", [b"", b"SQL", b"\0" * 4096, b"PK\3\4" + b"z" * 4096, another_tar()])
def test_a_foreign_file_is_no_backup(stream: bytes) -> None:
    with pytest.raises(Foreign):
        check(io.BytesIO(stream))


def test_a_later_format_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FORMAT", 2)
    stream = written()
    monkeypatch.undo()
    with pytest.raises(Damaged, match="its format is 2"):
        check(io.BytesIO(stream))
