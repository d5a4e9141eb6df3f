"""Which footage a clip of somebody else's timeline is: by evidence, and never by guess."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from opentimelineio.schema import Clip, Gap

from momentidx.errors import MomentidxError, WrongUse
from momentidx.timeline.build import media_range
from momentidx.timeline.foreign import ForeignClip, ForeignItem, ForeignTimeline, ForeignTrack
from momentidx.timeline.names import clip_file
from momentidx.timeline.rebuild import picture_track, rebuild
from momentidx.timeline.relink import Link, Medium, relink
from tests.timeline.moments import FILM, NTSC, PAL, footage, timecode

HOUR = 90_000
"""01:00:00:00 at 25 frames a second."""


def medium(path: str, *more: str, start: int = HOUR, rate: Fraction = PAL, **facts: Any) -> Medium:
    one = footage(rate, start=timecode(start, drop_frame=facts.pop("drop_frame", False)), **facts)
    return Medium(replace(one, fingerprint=path), tuple(map(Path, (path, *more))))


def item(
    name: str = "", *, frames: tuple[int, int] = (HOUR, HOUR + 50), rate: Fraction = PAL, **facts: Any
) -> ForeignItem:
    """A clip that plays these frames, counted in its own timecode; it says nothing else than it is told."""
    nothing: dict[str, Any] = {
        "speed": 1.0, "media": None, "reel": None, "url": None, "file_name": None, "fingerprint": None
    }  # fmt: skip
    start, end = frames
    return ForeignItem(name, (end - start) / rate, ForeignClip(start / rate, rate, **nothing | facts))


def timeline(*items: ForeignItem, rate: Fraction = PAL, **facts: Any) -> ForeignTimeline:
    tracks = facts.pop("tracks", (ForeignTrack("V", "Video", True, items),))
    return ForeignTimeline("cut", rate, 3600 * round(rate) / rate, None, tracks, (), **facts)


def link(one: ForeignItem, *media: Medium) -> Link:
    (found,) = relink(timeline(one), media)
    return found


A = medium("/cards/a/A001.mov", reel="A001")
B = medium("/cards/b/B001.mov", reel="B001")


@pytest.mark.parametrize(
    ("one", "by"),
    [
        (item("any", fingerprint="/cards/a/A001.mov"), ("fingerprint",)),
        (item("any", url="file:///cards/a/A001.mov"), ("path",)),
        (item("any", url="/cards/a/A001.mov"), ("path",)),
        (item("any", reel="A001"), ("reel", "timecode")),
        (item("any", reel="a001"), ("reel", "timecode")),
        (item("A001.mov"), ("name", "timecode")),
        (item("a001"), ("name", "timecode")),
        (item("Interview", url="file:///elsewhere/A001.MOV", file_name="A001.MOV"), ("name", "timecode")),
        (item("A001.mov", reel="A001"), ("reel", "name", "timecode")),
        (item("A001.mov", media=(Fraction(3600), Fraction(40))), ("name", "timecode")),
        (item("A001.mov", frames=(0, 50), media=(Fraction(0), Fraction(40))), ("name",)),
    ],
)
def test_a_clip_is_found_by_what_it_says_of_itself(one: ForeignItem, by: tuple[str, ...]) -> None:
    found = link(one, A, B)
    assert (found.state, found.medium, found.frames, found.by) == ("relinked", A, (0, 50), by)


def test_a_reel_that_an_edl_cut_off_is_found_by_its_beginning() -> None:
    long = medium("/cards/A001C003_260504_R2XX.mov")
    assert link(item(reel="A001C003"), long, B).medium is long
    assert link(item(reel="A001"), long, B).state == "missing", "a short reel is a whole one"


@pytest.mark.parametrize("reel", ["AX", "BL", ""])
def test_no_reel_is_no_evidence(reel: str) -> None:
    found = link(item(reel=reel), medium("/cards/AX.mov"), B)
    assert (found.state, found.candidates) == ("missing", ())


def test_two_files_that_fit_are_told_and_none_is_taken() -> None:
    one, two = medium("/cards/a/C0001.MP4"), medium("/cards/b/C0001.MP4")
    found = link(item("C0001.MP4"), one, two)
    assert (found.state, found.medium, found.candidates) == ("ambiguous", None, (one.paths[0], two.paths[0]))
    assert found.reason == "2 clips fit equally well"


def test_timecode_tells_two_files_of_one_name_apart() -> None:
    one, two = medium("/cards/a/C0001.MP4"), medium("/cards/b/C0001.MP4", start=HOUR + 5000)
    assert link(item("C0001.MP4", frames=(HOUR + 5990, HOUR + 6000)), one, two).medium is two


def test_reel_and_name_together_are_stronger_than_either() -> None:
    one, two = medium("/a/C0001.MP4", reel="A001"), medium("/b/C0001.MP4", reel="B001")
    three = medium("/b/C0002.MP4", reel="B001")
    found = link(item("C0001.MP4", reel="B001"), one, two, three)
    assert (found.medium, found.by) == (two, ("reel", "name", "timecode"))


def test_copies_of_one_content_are_no_doubt() -> None:
    copied = medium("/cards/a/C0001.MP4", "/backup/a/C0001.MP4")
    assert link(item("C0001.MP4"), copied).medium is copied


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (item("Z.mov", reel="Z9"), "no indexed clip has the reel Z9 or the name Z.mov"),
        (item(), "no indexed clip has its reel or name, because it has neither"),
        (
            item("A001.mov", frames=(HOUR + 990, HOUR + 1001)),
            "/cards/a/A001.mov: it holds 01:00:00:00 to 01:00:40:00, and the clip plays 01:00:39:15 to 01:00:40:01",
        ),
        (
            item("A001.mov", rate=Fraction(24)),
            "/cards/a/A001.mov: it has 25 frames a second, and the timeline counts 24",
        ),
        (
            item("A001.mov", media=(Fraction(7200), Fraction(40))),
            "/cards/a/A001.mov: it begins at 01:00:00:00, and the timeline says another timecode",
        ),
        (
            item("A001.mov", media=(Fraction(3600), Fraction(41))),
            "/cards/a/A001.mov: it is 1000 frames long, and the timeline says another length",
        ),
    ],
)
def test_what_does_not_fit_is_missing_with_the_reason(one: ForeignItem, reason: str) -> None:
    found = link(one, A, B)
    assert (found.state, found.medium, found.reason) == ("missing", None, reason)


def test_a_program_that_ignores_timecode_counts_from_its_own_start_of_the_file() -> None:
    one = item(url="/cards/a/A001.mov", frames=(10, 60), media=(Fraction(0), Fraction(40)))
    assert link(one, A).frames == (10, 60)


def test_a_position_counted_in_another_rate_is_the_nearest_frame() -> None:
    film = medium("/film.mov", rate=FILM, start=0)
    one = item(url="/film.mov", frames=(25, 75), media=(Fraction(0), Fraction(0)))  # 1 s to 3 s, counted at 25
    assert link(one, film).frames == (24, 72)


@pytest.mark.parametrize(("rate", "drop_frame", "day"), [(PAL, False, 2_160_000), (NTSC, True, 2_589_408)])
def test_labels_that_start_again_at_midnight_are_found(rate: Fraction, drop_frame: bool, day: int) -> None:
    late = medium("/late.mov", rate=rate, start=day - 100, drop_frame=drop_frame)
    assert link(item("late.mov", frames=(20, 30), rate=rate), late).frames == (120, 130)


@pytest.mark.parametrize(("speed", "frames"), [(2.0, (0, 100)), (0.5, (0, 25)), (0.0, (0, 1))])
def test_a_clip_with_another_speed_takes_more_or_less_of_its_file(speed: float, frames: tuple[int, int]) -> None:
    assert link(item("A001.mov", speed=speed), A).frames == frames


def test_a_relinked_timeline_keeps_every_place_and_points_to_our_footage() -> None:
    foreign = timeline(
        item("A001.mov"),
        ForeignItem("", Fraction(1), None),
        item("Z.mov"),
        item("B001.mov", frames=(HOUR + 10, HOUR + 20)),
    )
    links = relink(foreign, [A, B])
    made = rebuild(foreign, links)
    assert made.global_start_time.to_timecode() == "01:00:00:00"
    assert [(type(one).__name__, one.duration().value) for one in made.tracks[0]] == [
        ("Clip", 50), ("Gap", 25), ("Clip", 50), ("Clip", 10)
    ]  # fmt: skip
    first, _, lost, last = made.tracks[0]
    assert [clip_file(clip) for clip in (first, lost, last)] == [A.paths[0], None, B.paths[0]]
    assert last.source_range == media_range(B.footage, 10, 20)
    assert last.media_reference.available_range == media_range(B.footage, 0, 1000)
    flat = picture_track(made)
    assert [type(one) for one in flat.tracks[0]] == [Clip, Gap, Gap, Clip]


def test_picture_and_sound_of_one_piece_stay_together() -> None:
    tracks = (
        ForeignTrack("V", "Video", True, (item("A001.mov"), item("B001.mov"))),
        ForeignTrack("V2", "Video", False, (item("B001.mov"),)),
        ForeignTrack("A", "Audio", True, (item("A001.mov"),)),
    )
    foreign = timeline(tracks=tracks)
    made = rebuild(foreign, relink(foreign, [A, B]))
    assert [(track.name, track.kind, track.enabled) for track in made.tracks] == [
        ("V", "Video", True), ("V2", "Video", False), ("A", "Audio", True)
    ]  # fmt: skip
    flat = picture_track(made)
    assert [(track.kind, [type(one) for one in track]) for track in flat.tracks] == [
        ("Video", [Clip, Clip]), ("Audio", [Clip, Gap])
    ]  # fmt: skip


def test_footage_of_several_rates_stays_exact_in_opentimelineio_and_goes_nowhere_else() -> None:
    film = medium("/film.mov", rate=FILM, start=0)
    foreign = timeline(item("A001.mov"), item(url="/film.mov", frames=(25, 75), media=(Fraction(0), Fraction(0))))
    made = rebuild(foreign, relink(foreign, [A, film]))
    second = made.tracks[0][1]
    assert (second.source_range.start_time, second.duration().value, second.duration().rate) == (
        media_range(film.footage, 24, 72).start_time, 50, 25
    )  # fmt: skip
    with pytest.raises(WrongUse, match=r"footage of 23\.976 frames a second at 25; relinked"):
        picture_track(made)


def test_a_timeline_of_which_nothing_is_known_is_not_written() -> None:
    foreign = timeline(item("Z.mov"))
    with pytest.raises(MomentidxError, match="nothing to write"):
        rebuild(foreign, relink(foreign, [A, B]))


def test_every_clip_of_every_track_has_its_link() -> None:
    tracks = tuple(ForeignTrack(name, "Video", True, (item("A001.mov"), item("Z"))) for name in ("", "B-roll"))
    links = relink(timeline(tracks=tracks), [A])
    assert [(one.track, one.number, one.state) for one in links] == [
        ("Video 1", 1, "relinked"), ("Video 1", 2, "missing"), ("B-roll", 1, "relinked"), ("B-roll", 2, "missing")
    ]  # fmt: skip
