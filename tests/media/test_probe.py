"""The facts of footage: true ones, whatever the header says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Disposition

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.footage import AudioStream, Footage, VideoStream
from momentidx.media.child import Decoder
from momentidx.media.identity import fingerprint
from momentidx.media.probe import probe
from momentidx.times import Span, StartTimecode
from tests.clips import tone

Clip = Callable[..., Path]
NTSC = Fraction(30000, 1001)
QUICK = {"preset": "ultrafast"}
LONG = 1700
"""More pictures than a probe reads from end to end."""


def row(footage: Footage) -> str:
    """A footage in one line: rate, span, time base, pictures, size, codec and what is special."""
    video = footage.video
    special = [
        "variable" if footage.variable_rate else "",
        f"turned {video.rotation}" if video.rotation else "",
        f"aspect {video.sample_aspect}" if video.sample_aspect != 1 else "",
        "interlaced" if video.interlaced else "",
        f"{video.bit_depth} bit" if video.bit_depth != 8 else "",
        video.transfer if video.transfer in ("smpte2084", "arib-std-b67") else "",
        f"{footage.timecode(0)} {footage.start.source}" if footage.start.source != "none" else "",
        f"sound {'+'.join(audio.layout for audio in footage.audio)}" if footage.audio else "",
        f"stream {video.index}" if video.index else "",
        *footage.warnings,
    ]
    span = f"{footage.rate} fps [{footage.span.start}, {footage.span.end}) {footage.span.base}"
    return " | ".join(
        [span, f"{footage.frame_count} pictures", f"{video.width}x{video.height} {video.codec}"]
        + ([", ".join(filter(None, special))] if any(special) else [])
    )


def refusal(path: Path, decoder: Decoder) -> UnusableFootage:
    with pytest.raises(UnusableFootage) as caught:
        probe(path, decoder)
    assert str(path) in str(caught.value)
    return caught.value


def test_a_camera_file_tells_everything_it_knows(clip: Clip, decoder: Decoder) -> None:
    path = clip("A001C001.mov", rate=NTSC, timecode="00:59:58;00", reel="A001", audio=True)
    assert probe(path, decoder) == Footage(
        fingerprint=fingerprint(path),
        container="mov,mp4,m4a,3gp,3g2,mj2",
        span=Span(0, 50 * 1001, Fraction(1, 30000)),
        rate=NTSC,
        video=VideoStream(0, "h264", 320, 180, "yuv420p", 8),
        frame_count=50,
        audio=(AudioStream(1, "aac", 48000, 1, "mono"),),
        start=StartTimecode(107832, True, "track"),
        reel="A001",
    )


def test_facts_survive_the_library(clip: Clip, decoder: Decoder) -> None:
    footage = probe(clip("A001C001.mov", rate=NTSC, timecode="00:59:58;00", reel="A001", audio=True), decoder)
    assert Footage.from_json(footage.to_json()) == footage


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("a.mp4", {}, "25 fps [0, 25600) 1/12800 | 50 pictures | 320x180 h264"),
        ("a.mkv", {}, "25 fps [0, 2000) 1/1000 | 50 pictures | 320x180 h264"),
        ("a.ts", {}, "25 fps [0, 180000) 1/90000 | 50 pictures | 320x180 h264"),
        ("a.avi", {"codec": "mpeg4", "b_frames": 0}, "25 fps [0, 50) 1/25 | 50 pictures | 320x180 mpeg4"),
        ("a.webm", {"codec": "libvpx-vp9"}, "25 fps [0, 2000) 1/1000 | 50 pictures | 320x180 vp9"),
        ("a.mpg", {"codec": "mpeg2video"}, "25 fps [0, 180000) 1/90000 | 50 pictures | 320x180 mpeg2video"),
        (
            "a.mxf",
            {"codec": "mpeg2video", "pixel_format": "yuv422p", "timecode": "10:00:00:00"},
            "25 fps [0, 50) 1/25 | 50 pictures | 320x180 mpeg2video | 10:00:00:00 container",
        ),
        (
            "a.mov",
            {"codec": "prores_ks", "pixel_format": "yuv422p10le", "timecode": "10:00:00:00"},
            "25 fps [0, 25600) 1/12800 | 50 pictures | 320x180 prores | 10 bit, 10:00:00:00 track",
        ),
        ("late.mp4", {"first": 250}, "25 fps [128000, 153600) 1/12800 | 50 pictures | 320x180 h264"),
        ("late.ts", {"first": 25}, "25 fps [90000, 270000) 1/90000 | 50 pictures | 320x180 h264"),
        (
            "pieces.mp4",
            {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
            "25 fps [1024, 26624) 1/12800 | 50 pictures | 320x180 h264",
        ),
        ("portrait.mp4", {"rotation": 90}, "25 fps [0, 25600) 1/12800 | 50 pictures | 320x180 h264 | turned 90"),
        ("tilted.mov", {"rotation": 270}, "25 fps [0, 25600) 1/12800 | 50 pictures | 320x180 h264 | turned 270"),
        ("one.mp4", {"frames": 1}, "25 fps [0, 512) 1/12800 | 1 pictures | 320x180 h264"),
        ("slow.mp4", {"rate": 1, "frames": 3}, "1 fps [0, 49152) 1/16384 | 3 pictures | 320x180 h264"),
        ("fast.mkv", {"rate": 120}, "120 fps [0, 417) 1/1000 | 50 pictures | 320x180 h264"),
        ("film.mkv", {"rate": Fraction(24000, 1001)}, "24000/1001 fps [0, 2085) 1/1000 | 50 pictures | 320x180 h264"),
        (
            "phone.mp4",
            {"base": Fraction(1, 90000), "times": [0, 3000, 6100, 9000, 12600, 15000, 18000, 24500, 27000]},
            "30 fps [0, 30000) 1/90000 | 9 pictures | 320x180 h264 | variable",
        ),
    ],
)
def test_what_was_rendered_is_what_is_found(
    clip: Clip, decoder: Decoder, name: str, options: dict[str, object], expected: str
) -> None:
    assert row(probe(clip(name, **options), decoder)) == expected


@pytest.mark.parametrize(
    ("name", "options", "span", "count"),
    [
        ("a.mp4", {}, Span(0, LONG * 512, Fraction(1, 12800)), LONG),
        ("a.mkv", {}, Span(0, LONG * 40, Fraction(1, 1000)), None),
        ("a.ts", {"first": 25}, Span(90000, 90000 + LONG * 3600, Fraction(1, 90000)), None),
        ("a.avi", {"codec": "mpeg4", "b_frames": 0}, Span(0, LONG, Fraction(1, 25)), LONG),
        (
            "pieces.mp4",
            {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
            Span(1024, 1024 + LONG * 512, Fraction(1, 12800)),
            None,
        ),
    ],
)
def test_of_a_long_file_samples_tell_the_true_end(
    clip: Clip, decoder: Decoder, name: str, options: dict[str, object], span: Span, count: int | None
) -> None:
    defaults = {"frames": LONG, "size": (64, 36), "codec_options": QUICK if options.get("codec") is None else None}
    footage = probe(clip(name, **defaults | options), decoder)
    assert (footage.span, footage.rate, footage.frame_count) == (span, Fraction(25), count)
    assert not footage.variable_rate


def test_a_long_file_that_skips_pictures_in_the_middle_is_of_variable_rate(clip: Clip, decoder: Decoder) -> None:
    times = [*range(800), *range(805, LONG + 5)]
    footage = probe(clip("gap.mp4", base=Fraction(1, 25), times=times, size=(64, 36), codec_options=QUICK), decoder)
    assert (footage.variable_rate, footage.rate, footage.length_frames) == (True, Fraction(25), LONG + 5)


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.ts"])
def test_a_file_that_was_cut_off_ends_with_its_last_picture(
    clip: Clip, decoder: Decoder, name: str, tmp_path: Path
) -> None:
    options = {"movflags": "+faststart"} if name.endswith("mp4") else {}
    whole = clip(name, frames=200, gop=25, b_frames=0, container_options=options)
    cut = tmp_path / name
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    footage = probe(cut, decoder)
    shown = decoded(cut)
    assert footage.frame_count == len(shown) < 200
    assert (footage.span.start, footage.grid.pts(len(shown))) == (shown[0], footage.span.end)
    claims = (f"the file claims 200 pictures but holds {len(shown)}: it was cut off or is damaged",)
    assert footage.warnings == (claims if name.endswith("mp4") else ())


def test_a_recording_that_begins_between_keyframes_starts_with_its_first_whole_picture(
    clip: Clip, decoder: Decoder, tmp_path: Path
) -> None:
    whole = clip("live.ts", frames=200, gop=25)
    part = tmp_path / "part.ts"
    packets = whole.stat().st_size // 188
    part.write_bytes(whole.read_bytes()[packets * 3 // 10 * 188 :])
    footage = probe(part, decoder)
    assert footage.span.start == decoded(part)[0]
    assert footage.span.end == 200 * 3600


def decoded(path: Path) -> list[int]:
    """Timestamps of all pictures, the slow way."""
    with av.open(str(path)) as container:
        times = []
        for packet in container.demux(container.streams.video[0]):
            with contextlib.suppress(av.InvalidDataError):
                times += [frame.pts for frame in packet.decode()]
    return [time for time in times if time is not None]


@pytest.mark.parametrize(
    ("name", "label", "start"),
    [
        ("df.mov", "00:59:58;00", StartTimecode(107832, True, "track")),
        ("ndf.mov", "00:59:58:00", StartTimecode(107940, False, "track")),
        ("df.mkv", "00:59:58;00", StartTimecode(107832, True, "container")),
        ("none.mov", None, StartTimecode(0, False, "none")),
    ],
)
def test_drop_frame_is_read_from_the_label_alone(
    clip: Clip, decoder: Decoder, name: str, label: str | None, start: StartTimecode
) -> None:
    assert probe(clip(name, rate=NTSC, timecode=label), decoder).start == start


def test_a_timecode_that_the_rate_cannot_have_is_left_out_with_a_warning(clip: Clip, decoder: Decoder) -> None:
    footage = probe(clip("odd.mkv", rate=15, timecode="01:00:00:00"), decoder)
    assert footage.start == StartTimecode()
    assert [warning[:35] for warning in footage.warnings] == ["its start timecode is left out: 15 "]


def test_of_two_pictures_the_default_one_is_the_footage(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as output:
        for number, (width, disposition) in enumerate([(64, 0), (128, Disposition.default)]):
            stream = output.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
            stream.disposition = disposition
            assert stream.index == number
        for stream in output.streams.video:
            picture = av.VideoFrame(stream.width, 64, "yuv420p")
            output.mux(stream.encode(picture))
            output.mux(stream.encode(None))
    video = probe(path, decoder).video
    assert (video.index, video.width) == (1, 128)


def test_a_file_without_pictures_says_what_is_in_it(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=48000)
        for sound in tone(1.0):
            output.mux(stream.encode(sound))
        output.mux(stream.encode(None))
    error = refusal(path, decoder)
    assert error.code == "no-video"
    assert "found: audio" in str(error)


def test_a_codec_without_a_decoder_is_named_as_the_reason(clip: Clip, decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "rare.mov"
    path.write_bytes(clip("a.mp4").read_bytes().replace(b"avc1\0", b"zzzz\0"))
    assert refusal(path, decoder).code == "no-decoder"


def test_encrypted_footage_is_refused_and_not_decoded_to_noise(clip: Clip, decoder: Decoder) -> None:
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76a6c65c5ea762046bd749a2e632ccbb"}
    path = clip("locked.mp4", container_options=key | {"encryption_kid": "a7e61c373e219033c21091fa607bf3b8"})
    assert refusal(path, decoder).code == "encrypted"


# Checked against a full decode of every file (times, pictures) and against ffprobe (sizes, aspects, tags).
SHARED = """
real/airplane_field_11s.mp4 | 25 fps [0, 143360) 1/12800 | 280 pictures | 640x360 h264 | sound stereo
real/asl_book.mkv | 30 fps [33, 3666) 1/1000 | 109 pictures | 640x480 h264
real/asl_eat.mkv | 30 fps [0, 1567) 1/1000 | 47 pictures | 640x480 h264
real/asl_help.mkv | 30 fps [0, 1933) 1/1000 | 58 pictures | 640x480 h264
real/asl_milk.mkv | 30 fps [33, 1733) 1/1000 | 51 pictures | 640x480 h264
real/asl_walk.mkv | 30 fps [0, 2967) 1/1000 | 89 pictures | 640x480 h264
real/asl_yes.mkv | 30 fps [33, 2200) 1/1000 | 65 pictures | 640x480 h264
real/bottles_on_shelf_40s.mp4 | 179/6 fps [0, 456576) 1/11456 | 1189 pictures | 640x360 h264
real/cable_desk_7s.mp4 | 25 fps [0, 178) 1/25 | 178 pictures | 480x272 h264 | sound stereo
real/candle_table_4s.mov | 24000/1001 fps [0, 100851) 1/24000 | 101 pictures | 1280x720 h264 | sound stereo, stream 1
real/carpark_topdown_30s.mp4 | 25/2 fps [0, 754000) 1/25000 | 377 pictures | 768x432 h264 | sound stereo
real/chimps_stream_15s.mp4 | 30 fps [0, 230400) 1/15360 | 450 pictures | 320x180 h264
real/coast_drone_tc_12s.mp4 | 30000/1001 fps [0, 1087086) 1/90000 | 362 pictures | 854x480 h264 | 19:26:48:04 track, sound stereo
real/crystal_zoom_12s.mp4 | 30 fps [0, 359) 1/30 | 359 pictures | 720x480 h264 | sound stereo
real/dog_basket_flipped_2s.mp4 | 10 fps [0, 214179) 1/90000 | 25 pictures | 1280x720 h264 | variable, turned 180, sound mono
real/dog_treat_10s.mp4 | 30000/1001 fps [0, 289289) 1/30000 | 289 pictures | 1280x720 h264 | 00:00:00:00 track, sound stereo
real/elf_figure_8s.mp4 | 30 fps [0, 241) 1/30 | 241 pictures | 720x480 h264 | sound stereo
real/film_leader_7s.mp4 | 30000/1001 fps [0, 627627) 1/90000 | 209 pictures | 320x240 h264 | sound stereo
real/finger_count_24s.mp4 | 10 fps [0, 24444) 1/1000 | 245 pictures | 640x480 h264 | variable
real/flies_pair_73s.mp4 | 15 fps [0, 6600000) 1/90000 | 1100 pictures | 384x384 h264 | aspect 191/189
real/football_juggle_10s.mp4 | 24 fps [0, 126464) 1/12288 | 247 pictures | 1280x720 h264
real/greenscreen_man_24s.mp4 | 60000/1001 fps [0, 1466465) 1/60000 | 1465 pictures | 320x192 h264 | sound stereo
real/highway_dashcam_9s.mp4 | 25 fps [0, 221) 1/25 | 221 pictures | 960x540 h264 | sound stereo, stream 1
real/letter_blocks_10s.mp4 | 30000/1001 fps [0, 292292) 1/30000 | 292 pictures | 1280x720 h264 | sound stereo
real/monster_toy_7s.mp4 | 30 fps [0, 220) 1/30 | 220 pictures | 720x480 h264 | sound stereo
real/nasa_telescope_17s.mp4 | 25 fps [0, 166400) 1/12800 | 325 pictures | 320x180 h264 | sound stereo+stereo
real/night_city_2s.mov | 50 fps [0, 25600) 1/12800 | 100 pictures | 1920x1080 h264 | sound stereo
real/office_phone_5s.3gp | 15 fps [2048, 82368) 1/16000 | 71 pictures | 352x288 h263 | variable, aspect 12/11, sound mono
real/overhead_cars_12s.avi | 30 fps [0, 374) 1/30 | 374 pictures | 640x360 msmpeg4v2 | sound stereo
real/person_visits_table_139s.mp4 | 10 fps [0, 27880000) 1/200000 | 1394 pictures | 768x432 h264
real/pour_coffee_10s.mp4 | 30000/1001 fps [0, 287287) 1/30000 | 287 pictures | 1280x720 h264 | sound stereo
real/rooftops_pan_15s.mp4 | 60 fps [0, 238592) 1/15360 | 932 pictures | 320x240 h264 | sound stereo
real/rooftops_still_17s.mp4 | 23040000/767849 fps [0, 393138688) 1/23040000 | 512 pictures | 640x360 h264 | sound stereo
real/silent_film_10s.mp4 | 25 fps [0, 123392) 1/12800 | 241 pictures | 640x360 h264 | sound stereo
real/sleeping_dog_tc_1s.mov | 24000/1001 fps [0, 24024) 1/24000 | 24 pictures | 1280x720 h264 | 21:44:10:09 track, sound stereo
real/toy_robot_6s.mp4 | 30 fps [0, 498000) 1/90000 | 166 pictures | 560x320 h264 | sound mono
odd/bear_cage_3s.webm | 30000/1001 fps [0, 2736) 1/1000 | 82 pictures | 320x240 vp9
odd/chapters.mp4 | 30000/1001 fps [0, 90090) 1/90000 | 30 pictures | 1080x720 h264 | sound mono
odd/corrupted_bars.mp4 | 10 fps [0, 51200) 1/10240 | 50 pictures | 1280x720 h264
odd/cyclist_selfie_ccbysa_6s.mp4 | 14437/500 fps [0, 81000) 1/14437 | 162 pictures | 1024x768 h264 | sound stereo
odd/first_pts_10s.mp4 | 30 fps [153600, 215040) 1/15360 | 120 pictures | 800x640 h264 | aspect 1137/800
odd/fragmented_bogus_duration.mp4 | 30000/1001 fps [2002, 32032) 1/30000 | 30 pictures | 1080x720 h264 | sound mono
odd/hdr10_vertical_av1.mp4 | 30000/1001 fps [0, 127127) 1/30000 | 127 pictures | 720x1280 av1 | 10 bit, smpte2084, sound stereo
odd/hevc10_hdr10.mp4 | 30 fps [0, 91566) 1/90000 | 28 pictures | 1920x1080 hevc | variable, 10 bit, smpte2084, sound stereo
odd/long_static_av1_363s.mp4 | 60 fps [0, 5572096) 1/15360 | 21766 pictures | 320x180 av1 | sound stereo
odd/malformed_free_box.mp4 | truncated
odd/mdat_too_long.mp4 | 30000/1001 fps [0, 30030) 1/30000 | 30 pictures | 1080x720 h264 | sound mono
odd/missing_stsd.mp4 | 30000/1001 fps [0, 30030) 1/30000 | 30 pictures | 1080x720 h264
odd/prone_portrait_4k60.mp4 | 60 fps [0, 26974) 1/90000 | 18 pictures | 2160x3840 h264 | turned 90, sound stereo
odd/rot0.mov | 30 fps [0, 1920) 1/19200 | 3 pictures | 568x320 h264
odd/rot180.mov | 30 fps [0, 1920) 1/19200 | 3 pictures | 568x320 h264 | turned 180
odd/rot270.mov | 30 fps [0, 1920) 1/19200 | 3 pictures | 320x568 h264 | turned 270
odd/rot90.mov | 30 fps [0, 1920) 1/19200 | 3 pictures | 320x568 h264 | turned 90
odd/truncated_596s_header.mp4 | undecodable
odd/unordered_dts.mov | 32 fps [0, 2048) 1/16384 | 4 pictures | 50x50 h264
odd/vp9_10bit.webm | 24000/1001 fps [0, 3003) 1/1000 | 72 pictures | 426x240 vp9 | 10 bit
odd/vp9_invalid_bitstream.webm | undecodable
odd/vp9_odd_dimensions.webm | 30000/1001 fps [0, 1001) 1/1000 | 30 pictures | 161x121 vp9
derived/audio_only.mp4 | no-video
derived/dnxhr_lb_tc.mxf | 25 fps [0, 25) 1/25 | 25 pictures | 960x540 dnxhd | 10:10:00:00 container
derived/dropframe_hour_2997.mov | 30000/1001 fps [0, 120120) 1/30000 | 120 pictures | 640x360 h264 | 00:59:58;00 track
derived/hevc_main10.mkv | 30000/1001 fps [0, 3003) 1/1000 | 90 pictures | 640x360 hevc | 10 bit, 00:00:00:00 track
derived/interlaced_tff_576i.mpg | 25 fps [48600, 228600) 1/90000 | 50 pictures | 720x576 mpeg2video | aspect 64/45, interlaced
derived/midfile_bitflips.mp4 | 30000/1001 fps [0, 180180) 1/30000 | 180 pictures | 480x270 h264 | 00:00:00:00 track
derived/mirrored_excerpt.mp4 | 30000/1001 fps [0, 150150) 1/30000 | 150 pictures | 480x270 h264 | 00:00:00:00 track
derived/mpeg2_422_tc.mxf | 25 fps [0, 75) 1/25 | 75 pictures | 640x360 mpeg2video | 10:00:10:00 container
derived/near_duplicate_small.mp4 | 30000/1001 fps [0, 289289) 1/30000 | 289 pictures | 320x180 h264 | 00:00:00:00 track
derived/one_fps.mp4 | 1 fps [0, 81920) 1/16384 | 5 pictures | 480x270 h264
derived/one_frame.mp4 | 30000/1001 fps [0, 1001) 1/30000 | 1 pictures | 640x360 h264 | 00:00:00:00 track
derived/prores422hq_tc.mov | 25 fps [0, 12800) 1/12800 | 25 pictures | 640x360 prores | 10 bit, 10:00:00:00 track
derived/pts_wrap_26h30.ts | 25 fps [-208592, 511408) 1/90000 | 200 pictures | 480x270 h264
derived/text_renamed.mp4 | not-media
derived/truncated_no_moov.mp4 | truncated
derived/two_video_two_audio_subs.mkv | 30000/1001 fps [23, 5028) 1/1000 | 150 pictures | 320x180 h264 | 00:00:00:00 track, sound mono+mono
derived/vfr_decimated.mkv | 179/6 fps [0, 19307) 1/1000 | 249 pictures | 640x360 h264 | variable
derived/zero_bytes.mp4 | empty
derived/имя файла – 東京 #1 (copy).mp4 | 30000/1001 fps [0, 1001) 1/30000 | 1 pictures | 640x360 h264 | 00:00:00:00 track
long/big_buck_bunny_240p_596s.mp4 | 24 fps [0, 7329280) 1/12288 | 14315 pictures | 424x240 h264
long/reel_10min.mp4 | 25 fps [0, 7711744) 1/12800 | 15062 pictures | 640x360 h264
"""  # noqa: E501


@pytest.fixture(scope="module")
def shared_outcomes(shared_video: Path) -> dict[str, str]:
    outcomes = {}
    with Decoder(Settings()) as decoder:
        for folder in ("real", "odd", "derived", "long"):
            for path in sorted((shared_video / folder).iterdir()):
                if path.suffix in (".tsv", ".edl"):
                    continue
                try:
                    outcomes[f"{folder}/{path.name}"] = row(probe(path, decoder))
                except UnusableFootage as error:
                    outcomes[f"{folder}/{path.name}"] = error.code
        assert decoder.deaths == 0
    return outcomes


@pytest.mark.parametrize(("name", "expected"), [line.split(" | ", 1) for line in SHARED.strip().splitlines()])
def test_every_shared_file_has_its_outcome(shared_outcomes: dict[str, str], name: str, expected: str) -> None:
    assert shared_outcomes[name] == expected


def test_no_shared_file_is_missing_from_the_table(shared_outcomes: dict[str, str]) -> None:
    assert list(shared_outcomes) == [line.split(" | ")[0] for line in SHARED.strip().splitlines()]
