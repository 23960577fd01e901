"""Logs of servers stay small while the servers write them."""

from pathlib import Path

from smarketing.embedded.logs import rotate


def test_a_large_log_is_copied_and_emptied_and_three_copies_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("a") as server:
        for number in range(5):
            server.write(f"{number} " + "x" * 100)
            server.flush()
            rotate(log, largest=100)
        server.write("now")
    assert log.read_text() == "now"
    copies = sorted(path.name for path in tmp_path.iterdir())
    assert copies == ["server.log", "server.log.1", "server.log.2", "server.log.3"]
    assert [(tmp_path / name).read_text()[0] for name in copies[1:]] == ["4", "3", "2"]


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("x" * 99)
    rotate(log, largest=100)
    rotate(tmp_path / "missing", largest=100)
    assert [path.name for path in tmp_path.iterdir()] == ["server.log"]
