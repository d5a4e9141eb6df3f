"""The stages one by one, where what they are for can be seen from outside only: in the pictures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from momentidx.files import SeenFile
from momentidx.library import WritableLibrary
from momentidx.media.source import Source
from momentidx.pipeline.tools import Tools
from momentidx.pipeline.worker import Outcome, work
from tests.clips import read_number
from tests.pipeline.scripted import Scripted


@pytest.fixture
def indexed(library: WritableLibrary, tools: Tools, clip: Path) -> Path:
    """The clip, indexed."""
    library.enqueue(SeenFile.of(clip))
    assert [outcome.reason for outcome in work(library, tools)] == [None]
    return clip


def again(library: WritableLibrary, tools: Tools) -> list[Outcome]:
    library.notice_missing()
    library.plan(tools.wanted)
    return list(work(library, tools))


def pictures(library: WritableLibrary, clip: Path) -> list[Path | None]:
    return [library.find_footage(clip).poster, *(library.still(moment.id) for moment in library.moments())]


def test_all_pictures_that_went_missing_are_made_again_as_they_were_and_nothing_is_described(
    library: WritableLibrary, tools: Tools, captioner: Scripted, indexed: Path
) -> None:
    before, files = pictures(library, indexed), library._stills.names()
    shutil.rmtree(library.folder / "stills")
    assert [outcome.path for outcome in again(library, tools)] == [indexed]
    assert (pictures(library, indexed), library._stills.names()) == (before, files)
    assert len(captioner.asked) == 1
    assert again(library, tools) == []


def test_a_single_still_that_went_missing_is_made_of_its_middle_without_a_pass(
    library: WritableLibrary, tools: Tools, indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster, first, second = pictures(library, indexed)
    assert second is not None
    second.unlink()
    with monkeypatch.context() as without_pass:
        without_pass.setattr(Source, "_pass", None)
        assert [outcome.reason for outcome in again(library, tools)] == [None]
    made = pictures(library, indexed)
    assert made[:2] == [poster, first]
    image = cv2.imread(str(made[2]))
    assert image is not None
    assert read_number(image) == 37, "of 25 to 50"


def test_pictures_of_footage_that_is_away_are_made_when_it_is_back(
    library: WritableLibrary, tools: Tools, captioner: Scripted, indexed: Path
) -> None:
    before = pictures(library, indexed)
    shutil.rmtree(library.folder / "stills")
    library.mark(offline=[indexed])
    assert again(library, tools) == []
    assert pictures(library, indexed) == [None, None, None]
    library.mark(online=[indexed])
    assert len(again(library, tools)) == 1
    assert pictures(library, indexed) == before
    assert len(captioner.asked) == 1


def test_a_repair_has_single_stills_made_as_well(library: WritableLibrary, tools: Tools, indexed: Path) -> None:
    before = pictures(library, indexed)
    assert before[1] is not None
    before[1].unlink()
    assert [(found.about, found.broken) for found in library.repair() if found.broken] == [("stills", 1)]
    assert [outcome.reason for outcome in work(library, tools)] == [None]
    assert None not in pictures(library, indexed)
    assert [found for found in library.examine() if found.broken] == []


def test_the_room_for_pictures_is_kept_while_work_goes_on(library: WritableLibrary, tools: Tools, clip: Path) -> None:
    library._stills.put(bytes(2 << 20))  # two megabytes that no row names
    library.enqueue(SeenFile.of(clip))
    small = replace(tools, settings=tools.settings.model_copy(update={"stills_max_mb": 1}))
    assert next(work(library, small)).reason is None  # as the daemon does: one at a time
    assert 0 < library._stills.measured() < 1 << 20
    assert None not in pictures(library, clip)
