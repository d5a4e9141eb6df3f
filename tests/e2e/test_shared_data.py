"""Real, awkward and damaged footage, where it is at hand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.command import momentidx, moments, run

VIDEO = Path(__file__).parents[3] / "shared" / "data" / "video"

pytestmark = pytest.mark.skipif(not VIDEO.is_dir(), reason=f"the shared footage is not at {VIDEO}")


def test_all_real_clips_are_indexed_and_every_event_lies_inside_its_footage(tmp_path: Path) -> None:
    library = tmp_path / "library"
    assert momentidx("index", VIDEO / "real", "--library", library).startswith("Indexed 36 clips, ")
    for file in sorted((VIDEO / "real").iterdir()):
        events = moments("events", file, "--library", library)
        assert events, f"{file.name}: nothing was said about it"
        shots = [event for event in events if event["kind"] == "shot"]
        length = shots[-1]["end_frame"]
        assert all(0 <= event["start_frame"] < event["end_frame"] <= length for event in events)
        assert all(before["end_frame"] <= after["start_frame"] for before, after in pairwise(shots))


def test_every_awkward_file_ends_ready_or_failed_with_a_sentence(tmp_path: Path) -> None:
    library = tmp_path / "library"
    files = [file for folder in ("odd", "derived") for file in sorted((VIDEO / folder).iterdir()) if file.is_file()]
    done = run("index", *files, "--library", library)
    assert done.returncode == 1
    failed = [line for line in done.stderr.splitlines() if line.startswith("failed: ")]
    ready = [file for file in files if run("events", file, "--json", "--library", library).returncode == 0]
    assert len(ready) + len(failed) == len(files)
    for line in failed:
        assert line.startswith(f"failed: {VIDEO}"), line
        assert line.endswith("."), line
        assert "unforeseen" not in line, line
