"""When a file counts as complete. The clock is passed in; nothing sleeps.

W1 growing · W2 stalled · W4 old and future times · W26 empty · W31 storms · W34 cards
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentidx.files import SeenFile
from momentidx.watch.settle import PATIENCE, Settling, card_of, may_still_grow

CLIP = SeenFile(Path("/footage/A001.mov"), size=10, mtime_ns=1, ctime_ns=1, inode=1)


def settling() -> Settling:
    return Settling(lambda path: 60 if path.is_relative_to("/slow") else 5)


def test_a_file_is_ready_after_it_stood_still_and_only_once() -> None:
    waiting = settling()
    waiting.saw([CLIP], now=100.0)
    assert waiting.due(now=104.9) == []
    assert waiting.due(now=105.0) == [CLIP.path]
    assert waiting.ready(now=104.9) == []
    assert waiting.ready(now=105.0) == [CLIP]
    assert waiting.ready(now=200.0) == []
    assert waiting.paths == []


def test_each_folder_may_have_its_own_wait() -> None:
    waiting = settling()
    slow = replace(CLIP, path=Path("/slow/A001.mov"))
    waiting.saw([CLIP, slow], now=0)
    assert waiting.ready(now=5) == [CLIP]
    assert waiting.ready(now=59) == []
    assert waiting.ready(now=60) == [slow]


def test_each_change_starts_the_wait_again() -> None:
    waiting = settling()
    waiting.saw([CLIP], now=0)
    grown = replace(CLIP, size=20)
    waiting.saw([grown], now=4)
    touched = replace(grown, ctime_ns=2)
    waiting.saw([touched], now=8)
    assert waiting.ready(now=9) == []
    waiting.saw([touched], now=12)
    assert waiting.ready(now=13) == [touched]


def test_a_time_in_the_future_is_like_any_other() -> None:
    waiting = settling()
    future = replace(CLIP, mtime_ns=2**62)
    waiting.saw([future], now=0)
    waiting.saw([future], now=4)
    assert waiting.ready(now=5) == [future]


def test_an_empty_file_waits_long_for_its_first_byte_and_is_given_then() -> None:
    waiting = settling()
    empty = replace(CLIP, size=0)
    waiting.saw([empty], now=0)
    assert waiting.ready(now=PATIENCE - 1) == []
    assert waiting.ready(now=PATIENCE) == [empty]


def test_a_file_that_went_away_is_forgotten() -> None:
    waiting = settling()
    waiting.saw([CLIP], now=0)
    waiting.forget([CLIP.path])
    assert waiting.ready(now=1000) == []


@pytest.mark.parametrize(
    ("path", "card"),
    [
        ("/media/EOS/DCIM/100CANON/MVI_0001.MOV", "/media/EOS/DCIM"),
        ("/in/A001/PRIVATE/M4ROOT/CLIP/C0001.MP4", "/in/A001/PRIVATE"),
        ("/in/P2/Contents/VIDEO/0001.MXF", "/in/P2/Contents"),
        ("/in/day 1/clip.mov", None),
        ("/in/day 1/DCIM", None),
    ],
)
def test_cards_are_known_by_the_folders_that_cameras_make(path: str, card: str | None) -> None:
    assert card_of(Path(path)) == (Path(card) if card else None)


def test_the_clips_of_a_card_wait_for_each_other() -> None:
    waiting = settling()
    first, second = (replace(CLIP, path=Path(f"/media/DCIM/100/{name}.MOV")) for name in "AB")
    waiting.saw([first, CLIP], now=0)
    waiting.saw([second], now=4)
    assert waiting.ready(now=5) == [CLIP]
    waiting.saw([replace(second, size=20)], now=8)
    assert waiting.ready(now=12.9) == []
    assert waiting.ready(now=13) == [first, replace(second, size=20)]


def test_a_file_that_never_stands_still_does_not_keep_the_rest_of_its_card_for_ever() -> None:
    waiting = settling()
    still, restless = (replace(CLIP, path=Path(f"/media/DCIM/100/{name}.MOV")) for name in "AB")
    waiting.saw([still], now=0)
    for now in range(0, int(PATIENCE) + 1, 2):
        waiting.saw([replace(restless, size=now + 1)], now=now)
        assert waiting.ready(now) == ([still] if now >= PATIENCE else [])


@pytest.mark.parametrize(
    ("code", "seconds", "may"),
    [("truncated", 10, True), ("truncated", PATIENCE, False), ("no-video", 10, False), ("truncated", -PATIENCE, False)],
)
def test_a_file_that_does_not_open_may_be_slow_in_coming_for_a_while(code: str, seconds: float, may: bool) -> None:
    file = replace(CLIP, ctime_ns=1_000 * 10**9)
    assert may_still_grow(code, file, now=1_000 + seconds) == may


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 3)), min_size=1))
def test_nothing_is_ready_before_it_stood_still_for_the_whole_time(steps: list[tuple[float, int]]) -> None:
    waiting, now, last_change, size = settling(), 0.0, 0.0, 0
    for pause, new_size in steps:
        now += pause
        if new_size != size or not waiting.paths:
            last_change = now
        size = new_size
        waiting.saw([replace(CLIP, size=size)], now)
        assert bool(waiting.ready(now)) == (now >= last_change + 5)
