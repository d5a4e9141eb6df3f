"""Bins on the command line, also while the daemon runs."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

from tests.e2e.command import momentidx, moments, run
from tests.e2e.test_daemon import watching


def bin_of(library: Path, name: str = "Day 1") -> list[dict[str, Any]]:
    return moments("selects", "list", name, "--library", library)


def test_moments_are_chosen_arranged_noted_and_rated(tmp_path: Path, drawn: Path) -> None:
    library = tmp_path / "library"
    momentidx("index", drawn, "--library", library)
    first, second = moments("events", drawn / "A002_studio.mov", "--library", library)[:2]
    add = ("selects", "add", "Day 1", "--library", library)
    assert momentidx(*add, str(second["id"]), str(first["id"])) == "Added 2 moments to 'Day 1'.\n"
    query = "a light moves from right to left at night"
    (best,) = moments("find", query, "--limit", "1", "--library", library)
    assert momentidx(*add, "--query", query, "--limit", "1") == "Added 1 moment to 'Day 1'.\n"
    assert momentidx(*add, str(first["id"])) == "Added 0 moments to 'Day 1'. 1 in it already.\n"

    assert momentidx("selects", "move", "Day 1", "3", "1", "--library", library) == ""
    assert momentidx("selects", "note", "Day 1", "2", "Hold the last frame.", "--library", library) == ""
    assert momentidx("selects", "rate", "Day 1", "2", "4", "--library", library) == ""
    entries = bin_of(library)
    own = ("bin", "position", "note", "rating", "query")
    assert [{key: entry.pop(key) for key in own} for entry in entries] == [
        {"bin": "Day 1", "position": 1, "note": "", "rating": 0, "query": query},
        {"bin": "Day 1", "position": 2, "note": "Hold the last frame.", "rating": 4, "query": None},
        {"bin": "Day 1", "position": 3, "note": "", "rating": 0, "query": None},
    ]
    assert all(entry.pop("added_at") for entry in entries)
    assert entries == [best, second, first], "the keys of a moment are those of 'find'"

    seconds = sum(entry["end_seconds"] - entry["start_seconds"] for entry in entries)
    assert moments("selects", "list", "--library", library) == [
        {"bin": "Day 1", "selects": 3, "seconds": round(seconds, 6)}
    ]
    assert momentidx("selects", "remove", "Day 1", "1", "--library", library) == "Removed 1 select from 'Day 1'.\n"
    assert [entry["id"] for entry in bin_of(library)] == [second["id"], first["id"]]
    assert momentidx("selects", "remove", "Day 1", "--all", "--library", library) == "Removed 2 selects from 'Day 1'.\n"
    assert momentidx("selects", "list", "--library", library) == ""


def test_a_moment_is_chosen_while_the_daemon_runs_and_the_daemon_goes_on(tmp_path: Path, drawn: Path) -> None:
    folder, library = tmp_path / "card", tmp_path / "library"
    folder.mkdir()
    with watching(folder, library, tmp_path / "log") as daemon:
        shutil.copy(drawn / "A002_studio.mov", folder)
        daemon.wait_for("indexed ")
        refused = run("index", folder, "--library", library)
        assert refused.returncode == 75, "the daemon holds the library"
        (best,) = moments("find", "a red ball", "--limit", "1", "--library", library)
        momentidx("selects", "add", "Day 1", str(best["id"]), "--library", library)
        momentidx("selects", "rate", "Day 1", "1", "5", "--library", library)
        shutil.copy(drawn / "A003_night.mov", folder)
        daemon.wait_for("A003_night.mov (")
        assert daemon.stop(signal.SIGTERM) == 0
    assert [(entry["id"], entry["rating"]) for entry in bin_of(library)] == [(best["id"], 5)]
    assert len(moments("footage", "list", "--library", library)) == 2
    momentidx("doctor", "--library", library)


def test_what_cannot_be_done_is_told(tmp_path: Path, drawn: Path) -> None:
    library = tmp_path / "library"
    nothing = run("selects", "list", "--library", library)
    assert (nothing.returncode, nothing.stderr) == (
        1,
        f"momentidx: Nothing is indexed yet in {library}. Run 'momentidx index PATH'.\n",
    )
    momentidx("index", drawn / "A002_studio.mov", "--library", library)
    for arguments, sentence in (
        (("add", "Day 1"), "Say what to add: numbers of moments, or --query 'words'."),
        (("add", "Day 1", "1", "-q", "x"), "Say what to add: numbers of moments, or --query 'words'."),
        (("add", "Day 1", "1", "9"), "There is no moment 9. 'momentidx find' and 'events' show the numbers."),
        (("remove", "Day 1"), "Say what to remove: positions in the bin, or --all."),
        (("list", "Day 1"), "There is no bin 'Day 1'. 'momentidx selects list' shows those that there are."),
    ):
        done = run("selects", *arguments, "--library", library)
        assert (done.returncode, done.stderr) == (2, f"momentidx: {sentence}\n")
    assert momentidx("selects", "list", "--library", library) == ""
