"""What people see: tables and sentences that fit a terminal and cannot disturb it."""

import unicodedata
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentidx.commands.showing import counted, length_text, plain, print_table
from momentidx.events import Event, Layer, Moment
from momentidx.footage import Footage, VideoStream
from momentidx.times import Span, StartTimecode

BASE = Fraction(1, 25)


def moment(caption: str, *, rate: Fraction = Fraction(25), score: float | None = 0.613, online: bool = True) -> Moment:
    video = VideoStream(0, "h264", 640, 360, "yuv420p", 8)
    footage = Footage("f00d", "mov", Span(10, 260, BASE), rate, video, start=StartTimecode(90000, source="track"))
    event = Event(Span(10, 60, BASE), caption)
    return Moment(1, event, Layer("shotlog", "1"), footage, Path("/card/A001.mov"), online, score)


def test_a_moment_is_a_line_with_its_caption_below(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_table([moment("Locked-off shot; a light crosses the frame."), moment("Night.", online=False)])
    assert capsys.readouterr().out == (
        "Score  Clip                In           Out          Length  Id\n"
        "0.61   A001.mov            01:00:00:00  01:00:02:00  2.0 s   1\n"
        "       Locked-off shot; a light crosses\n"
        "       the frame.\n"
        "0.61   A001.mov (offline)  01:00:00:00  01:00:02:00  2.0 s   1\n"
        "       Night.\n"
    )


def test_footage_without_a_timecode_rate_is_shown_by_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([moment("Night.", rate=Fraction(10))])
    assert "0:00:00.000  0:00:02.000" in capsys.readouterr().out


def test_escape_sequences_and_undecodable_bytes_are_shown_not_sent() -> None:
    assert plain("a\x1b[31mred\n\udcff\u202e") == "a\\x1b[31mred\\n\\udcff\\u202e"
    assert plain("Größe 東京 🎬") == "Größe 東京 🎬"


@given(st.text())
def test_whatever_is_shown_is_printable(text: str) -> None:
    assert all(character.isprintable() or unicodedata.category(character) == "Zs" for character in plain(text))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (12.34, "12.3 s"), (59.94, "59.9 s"), (60, "1:00"), (566, "9:26"), (3725, "1:02:05")],
)
def test_lengths(seconds: float, text: str) -> None:
    assert length_text(seconds) == text


def test_counting() -> None:
    assert [counted(0, "clip"), counted(1, "clip"), counted(1200, "clip")] == ["0 clips", "1 clip", "1,200 clips"]
