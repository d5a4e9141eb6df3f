"""When a file counts as complete. The clock is passed in; nothing sleeps."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from momentidx.files import SeenFile
from momentidx.watch.settle import Settling

CLIP = SeenFile(Path("/cards/A001.mov"), size=10, mtime_ns=1, ctime_ns=1, inode=1)


def test_a_file_is_ready_after_it_stood_still_and_only_once() -> None:
    settling = Settling(seconds=5)
    settling.saw([CLIP], now=100.0)
    assert settling.next_ready() == 105.0
    assert settling.ready(now=104.9) == []
    assert settling.ready(now=105.0) == [CLIP]
    assert settling.ready(now=200.0) == []
    assert settling.paths == []


def test_each_change_starts_the_wait_again() -> None:
    settling = Settling(seconds=5)
    settling.saw([CLIP], now=0)
    grown = replace(CLIP, size=20)
    settling.saw([grown], now=4)
    touched = replace(grown, ctime_ns=2)
    settling.saw([touched], now=8)
    assert settling.ready(now=9) == []
    settling.saw([touched], now=12)
    assert settling.ready(now=13) == [touched]


def test_an_empty_file_waits_until_something_is_in_it() -> None:
    settling = Settling(seconds=5)
    settling.saw([replace(CLIP, size=0)], now=0)
    assert settling.ready(now=1000) == []
    assert settling.next_ready() is None
    settling.saw([CLIP], now=1000)
    assert settling.ready(now=1005) == [CLIP]


def test_a_file_that_went_away_is_forgotten() -> None:
    settling = Settling(seconds=5)
    settling.saw([CLIP], now=0)
    settling.forget([CLIP.path])
    assert settling.ready(now=1000) == []


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 3)), min_size=1))
def test_nothing_is_ready_before_it_stood_still_for_the_whole_time(steps: list[tuple[float, int]]) -> None:
    settling, now, last_change, size = Settling(seconds=5), 0.0, 0.0, 0
    for pause, new_size in steps:
        now += pause
        if new_size != size or not settling.paths:
            last_change = now
        size = new_size
        settling.saw([replace(CLIP, size=size)], now)
        assert bool(settling.ready(now)) == (now - last_change >= 5)
