"""A sealed stream comes back whole, or not at all."""

import io

import pytest

from smarketing.backup import sealing
from smarketing.backup.problems import BackupProblem, Damaged, WrongPassword
from smarketing.backup.sealing import CHUNK, MAGIC, SALT, TAG, OpeningReader, SealingWriter

HEADER = len(MAGIC) + SALT


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", {"n": 2, "r": 8, "p": 1})


def sealed(content: bytes, password: str = "秘密") -> bytes:
    target = io.BytesIO()
    writer = SealingWriter(target, password)
    for start in range(0, len(content), 10_007):
        writer.write(content[start : start + 10_007])
    writer.close()
    return target.getvalue()


def opened(stream: bytes, password: str = "秘密") -> bytes:
    reader = OpeningReader(io.BytesIO(stream), password)
    return b"".join(iter(lambda: reader.read(7_919), b""))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_is_opened_by_its_password(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    stream = sealed(content)
    assert opened(stream) == content
    # A letter alone may stand in there by chance.
    assert content[:64] not in stream or size < 64


def test_another_password_opens_nothing() -> None:
    with pytest.raises(WrongPassword):
        opened(sealed(b"everything"), "another")


# が as one letter, and as か with two dots, as some files of names hand it on; and what is no UTF-8.
COMPOSED, DECOMPOSED, NO_UTF_8 = (
    "がぎぐ",
    "か\u3099き\u3099く\u3099",
    b"\x94\xe9\x96\xa7".decode(errors="surrogateescape"),
)


@pytest.mark.parametrize("sealing_password", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("opening_password", [COMPOSED, DECOMPOSED])
def test_a_password_is_the_same_however_its_letters_are_made(sealing_password: str, opening_password: str) -> None:
    assert opened(sealed(b"everything", sealing_password), opening_password) == b"everything"


def test_what_was_sealed_as_it_was_typed_is_opened_by_what_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(sealing, "spell", str)
        stream = sealed(b"x" * 2 * CHUNK, DECOMPOSED)
    assert opened(stream, DECOMPOSED) == b"x" * 2 * CHUNK
    with pytest.raises(WrongPassword):
        opened(stream, COMPOSED)


def test_a_password_of_other_bytes_than_utf_8_seals_and_opens() -> None:
    assert opened(sealed(b"everything", NO_UTF_8), NO_UTF_8) == b"everything"
    with pytest.raises(WrongPassword):
        opened(sealed(b"everything", NO_UTF_8), "秘密")


@pytest.mark.parametrize("kept", [0, len(MAGIC), HEADER, HEADER + 40, HEADER + CHUNK + TAG, HEADER + CHUNK + TAG + 40])
def test_a_stream_that_was_cut_off_is_damaged(kept: int) -> None:
    with pytest.raises(BackupProblem):
        opened(sealed(b"x" * 2 * CHUNK)[:kept])


def test_chunks_in_another_order_are_damaged() -> None:
    stream = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c" * CHUNK)
    size = CHUNK + TAG
    first, second, third = (stream[HEADER + n * size :][:size] for n in range(3))
    with pytest.raises(Damaged):
        opened(stream[:HEADER] + first + third + second)


def test_a_changed_byte_is_damage() -> None:
    stream = bytearray(sealed(b"x" * 2 * CHUNK))
    stream[-1] ^= 1
    with pytest.raises(Damaged):
        opened(bytes(stream))
