"""File names and captions can hold anything; the timeline still leads back to the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentidx.timeline.names import media_path, media_url, one_line, safe_text


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (b"A cam \xc3\xa9#1.mov", "file:///m/A%20cam%20%C3%A9%231.mov"),
        (b"100%.mov", "file:///m/100%25.mov"),
        (b"what?.mov", "file:///m/what%3F.mov"),
        (b"two\nlines.mov", "file:///m/two%0Alines.mov"),
        (b"latin-\xe9.mov", "file:///m/latin-%E9.mov"),
    ],
)
def test_every_byte_of_a_hostile_name_is_in_the_url_and_comes_back(name: bytes, url: str) -> None:
    path = Path(os.fsdecode(b"/m/" + name))
    assert media_url(path) == url
    assert media_path(url) == path


@given(
    st.binary(min_size=1, max_size=40).filter(lambda name: not set(name) & {0, ord("/")} and name not in (b".", b".."))
)
def test_any_file_name_survives_the_url(name: bytes) -> None:
    path = Path(os.fsdecode(b"/media/" + name))
    assert media_path(media_url(path)) == path


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert media_path(media_url(Path("a.mov"))) == tmp_path / "a.mov"


def test_a_bare_path_is_taken_as_it_stands() -> None:
    assert media_path("/m/a%20b#1.mov") == Path("/m/a%20b#1.mov")


def test_safe_text_keeps_what_every_format_can_write() -> None:
    assert safe_text("é 😀 <&>'\"\n\t") == "é 😀 <&>'\"\n\t"


def test_safe_text_shows_what_no_format_can_write() -> None:
    assert safe_text("\0\x08\x0b\x7f\ud800\udfff\ufffe") == "�" * 7


def test_a_long_name_is_cut_to_the_length_asked() -> None:
    assert one_line("x" * 100_000, 60) == "x" * 59 + "…"
    assert one_line("  two\r\n lines ", 60) == "two lines"
