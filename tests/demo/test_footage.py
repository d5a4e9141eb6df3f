"""The demo footage is what it says it is."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import PictureType

from momentidx.demo.footage import CLIPS, Clip, pictures, render


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_shots_follow_each_other_from_the_first_frame_to_the_last(clip: Clip) -> None:
    edges = [edge for shot in clip.shots for edge in shot.frames]
    assert edges[0] == 0
    assert edges[1:-1:2] == edges[2::2]
    assert sum(1 for _ in pictures(clip)) == clip.frame_count


def test_all_clips_together_last_about_half_a_minute() -> None:
    assert 30 <= sum(clip.frame_count / clip.rate for clip in CLIPS) <= 36


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_a_rendered_clip_has_its_frames_rate_and_timecode(clip: Clip, tmp_path: Path) -> None:
    counted = []
    render(clip, tmp_path / clip.name, lambda: counted.append(1))
    assert len(counted) == clip.frame_count
    with av.open(str(tmp_path / clip.name)) as container:
        video, timecode = container.streams
        frames = list(container.decode(video))
        assert [frame.pts * frame.time_base for frame in frames] == [n / clip.rate for n in range(clip.frame_count)]
        assert {PictureType(frame.pict_type).name for frame in frames} == {"I", "P", "B"}
        assert Fraction(video.average_rate) == clip.rate
        assert (timecode.type, timecode.metadata["timecode"]) == ("data", clip.start_timecode)
        assert video.metadata["timecode"] == clip.start_timecode


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_rendering_twice_gives_the_same_file(clip: Clip, tmp_path: Path) -> None:
    for name in ("one.mov", "two.mov"):
        render(clip, tmp_path / name)
    assert (tmp_path / "one.mov").read_bytes() == (tmp_path / "two.mov").read_bytes()
