"""Real, awkward and damaged footage, where it is at hand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from momentidx.library import Library
from tests.e2e.command import momentidx, run

VIDEO = Path(__file__).parents[3] / "shared" / "data" / "video"

pytestmark = pytest.mark.skipif(not VIDEO.is_dir(), reason=f"the shared footage is not at {VIDEO}")


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_real_clips_are_indexed_and_every_event_lies_inside_its_footage(tmp_path: Path, every: int) -> None:
    folder = tmp_path / "library"
    clips = sorted((VIDEO / "real").iterdir())[::every]
    assert momentidx("index", *clips, "--library", folder).startswith(f"Indexed {len(clips)} clips, ")
    with Library.open(folder) as library:
        for file in clips:
            footage = library.footage_of(file)
            events = [moment.event for moment in library.moments(footage.fingerprint)]
            assert events, f"{file.name}: nothing was said about it"
            assert all(footage.span.covers(event.span) for event in events), file.name
            shots = [event.span for event in events if event.kind == "shot"]
            assert all(before.end <= after.start for before, after in pairwise(shots)), file.name


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.slow)])  # a minute for all of them
def test_every_awkward_file_ends_ready_or_failed_with_a_sentence(tmp_path: Path, every: int) -> None:
    folder = tmp_path / "library"
    found = sorted(file for kind in ("odd", "derived") for file in (VIDEO / kind).iterdir() if file.is_file())
    files = set(found[::every])
    done = run("index", *files, "--library", folder)
    assert done.returncode == 1
    with Library.open(folder) as library:
        status = library.status()
        ready = {place.path for summary in library.footage() for place in summary.locations}
    failed = {failure.path for failure in status.failures}
    assert ready | failed == files
    assert not ready & failed
    for failure in status.failures:
        assert f"failed: {failure.reason}" in done.stderr
        assert failure.reason.startswith(f"{failure.path}: "), failure
        assert failure.reason.endswith("."), failure
        assert failure.code not in ("unforeseen", "decoder-error"), failure
