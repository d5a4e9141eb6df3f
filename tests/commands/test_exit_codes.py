"""The exit codes, as docs/json.md lists them: whatever is not known is wrong use, 2, in every command."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from momentidx.commands.setting_up import set_up
from momentidx.errors import WrongUse
from momentidx.library import Bins, WritableLibrary
from tests.library.making import FOOTAGE, claimed, file, indexed
from typer_app import main


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of one clip, a file that waits, one that failed, and files that are none of its."""
    place = tmp_path_factory.mktemp("place")
    with WritableLibrary.open(place / "library") as library:
        indexed(library, file(place, "a.mp4"))
        Bins(library.folder).add("Day 1", library.moments(FOOTAGE.fingerprint))
        library.fail(claimed(library, file(place, "failed.mp4")).jobs[0], "no-video", "No picture.", passing=False)
        library.enqueue(file(place, "waiting.mp4"))
    (place / "notes.txt").write_text("Not a database, but a page about the day.\n" * 50)
    (place / "empty.sqlite").touch()
    return place


UNKNOWN = ["nowhere.mp4", "cafe0123"]
NO_MOMENT = ["99", "99999999999999999999"]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        *((2, f"footage show {which}") for which in UNKNOWN),
        *((2, f"footage forget {which}") for which in UNKNOWN),
        *((2, f"events {which}") for which in UNKNOWN),
        *((2, f"caption add {which} 1s 2s Go") for which in UNKNOWN),
        *((2, f"find --like {which}@1s") for which in UNKNOWN),
        *((2, f"jobs {order} {which}") for which in (*UNKNOWN, *NO_MOMENT) for order in ("retry", "cancel")),
        *((2, f"find --like {which}") for which in NO_MOMENT),
        *((2, f"caption {order}") for which in NO_MOMENT for order in (f"edit {which} Go", f"history {which}")),
        *((2, f"selects add 'Day 1' {which}") for which in NO_MOMENT),
        # Not watch, which takes the signals of its process for good: e2e/test_errors.py runs it as one of its own.
        *((2, f"{order} nowhere.mp4") for order in ("probe", "shots", "index")),
        *((2, f"locate nowhere.mp4 Go --captioner {which}") for which in ("scripted", "nobody")),
        *((2, f"library {order} {which}") for which in ("nowhere.mp4", "notes.txt", "empty.sqlite", "library")
          for order in ("verify", "restore")),
        (2, "library restore --newest"),
        (2, "selects list 'Day 2'"),
        (2, "search run 'Day 2'"),
        (2, "folders adopt nowhere"),
        (2, "jobs resume nowhere"),
        (1, "events failed.mp4"),
        (1, "events waiting.mp4"),
        (1, "status --library elsewhere"),
        (0, "jobs retry failed.mp4"),
        (0, "library verify"),
    ],
)  # fmt: skip
def test_every_command_ends_with_the_code_that_is_listed(
    place: Path, line: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(place / "library"))
    monkeypatch.setattr("sys.argv", ["momentidx", *shlex.split(line)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0, "unforeseen" in capsys.readouterr().err) == (code, False)


def test_a_library_on_a_network_share_is_not_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:45 / {place.resolve()} rw - nfs4 nas.local:/export rw"
    monkeypatch.setattr("momentidx.watch.mounts.mount_table", lambda: table)
    setup = set_up(place / "library")
    with pytest.raises(WrongUse, match=r"library lies on a network share \(nfs4\), .* Choose a folder on a local disk"):
        setup.write()
    setup.read().close()
