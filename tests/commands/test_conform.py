"""How `momentidx conform` finds the frame rate that an EDL does not say."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.commands.conform import edl_rate
from momentidx.errors import WrongUse
from momentidx.timeline.relink import Medium
from tests.timeline.moments import FILM, NTSC, PAL, footage

CLOSE_TO_FILM = Fraction(23976, 1000)


def media(*rates: Fraction) -> list[Medium]:
    return [Medium(footage(rate), (Path("/a.mov"),)) for rate in rates]


@pytest.fixture
def edl(tmp_path: Path) -> Path:
    file = tmp_path / "cut.edl"
    file.write_text("TITLE: x\nFCM: NON-DROP FRAME\n")
    return file


def test_the_one_rate_of_the_footage_is_the_rate_of_the_list(edl: Path) -> None:
    assert edl_rate(edl, None, media(FILM, CLOSE_TO_FILM)) == FILM


def test_of_several_rates_none_is_guessed(edl: Path) -> None:
    with pytest.raises(WrongUse) as refused:
        edl_rate(edl, None, media(PAL, FILM))
    assert str(refused.value) == (
        f"{edl} does not say its frame rate, and the footage has 23.976, 25. Say it: --rate 25"
    )


def test_drop_frame_leaves_only_the_rates_that_have_it(edl: Path) -> None:
    edl.write_text("TITLE: x\nFCM: DROP FRAME\n")
    assert edl_rate(edl, None, media(PAL, NTSC)) == NTSC


def test_what_is_said_counts(edl: Path) -> None:
    assert edl_rate(edl, "29.97", media(PAL)) == NTSC


def test_other_files_say_their_rate(tmp_path: Path) -> None:
    assert edl_rate(tmp_path / "cut.otio", None, media(PAL, FILM)) is None
