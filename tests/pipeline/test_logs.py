"""The log file: bounded, reopened, and never in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from momentidx.pipeline import logs
from momentidx.pipeline.logs import LogFile

LOG = logging.getLogger("momentidx.test")


def lines(library: Path, name: str = "momentidx.log") -> list[str]:
    return [line.split(" ", 2)[2] for line in (library / "logs" / name).read_text().splitlines()]


def test_records_from_info_on_are_kept_with_their_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("momentidx"), "propagate", False)  # pytest's reports carry UTF-8 only
    with LogFile(tmp_path).written():
        LOG.debug("too much")
        LOG.info("indexed %s", "a.mov")
        LOG.warning("failed: b\udce9.mov")
    LOG.info("after the end")
    assert lines(tmp_path) == ["INFO    indexed a.mov", "WARNING failed: b\\udce9.mov"]
    assert logging.getLogger("momentidx").level == logging.NOTSET


def test_the_files_are_bounded_in_size_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 1000)
    with LogFile(tmp_path).written():
        for number in range(200):
            LOG.info("a line about file %03d that failed for some reason", number)
    names = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert names == ["momentidx.log", *(f"momentidx.log.{number}" for number in range(1, 5))]
    assert all(path.stat().st_size <= 1000 for path in (tmp_path / "logs").iterdir())
    assert lines(tmp_path)[-1] == "INFO    a line about file 199 that failed for some reason"


def test_it_goes_on_in_a_new_file_when_told_that_the_old_one_was_moved(tmp_path: Path) -> None:
    log = LogFile(tmp_path)
    with log.written():
        LOG.info("one")
    with log.written():
        (tmp_path / "logs" / "momentidx.log").rename(tmp_path / "logs" / "old.log")
        log.reopen()
        LOG.info("two")
    assert (lines(tmp_path, "old.log"), lines(tmp_path)) == (["INFO    one"], ["INFO    two"])


def test_a_disk_that_refuses_loses_the_line_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with LogFile(tmp_path).written():
        monkeypatch.setattr(logs._Patient, "flush", refuse)
        LOG.info("lost")
    monkeypatch.undo()
    assert capfd.readouterr().err == ""
    (tmp_path / "file").write_text("")
    with LogFile(tmp_path / "file").written():  # no folder can be made here
        LOG.info("lost as well")
