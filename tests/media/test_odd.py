"""Footage that is odd but sound: it is used, with the right times, in bounded time and memory.

The numbers D9 to D19 are the project's catalogue of what goes wrong with media files (see `test_safety.py`).
"""

from __future__ import annotations

import shlex
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.footage import Footage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.times import Span
from tests.clips import read_number, render, slope
from tests.media import tasks

Clip = Callable[..., Path]


def seen(path: Path, footage: Footage, decoder: Decoder, per_second: int = 1000, width: int = 160) -> list[int]:
    """The times of all pictures that a pass shows."""
    source = Source(path, footage, decoder, decoder.settings)
    return [int(pts) for batch in source.watch(per_second=per_second, width=width) for pts in batch.pts]


# --- D9: too many pictures, too few, and headers that lie about how long it all is


@pytest.mark.parametrize("claim", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF], ids=hex)
def test_a_length_that_the_header_makes_up_is_not_believed(
    clip: Clip, decoder: Decoder, tmp_path: Path, claim: int
) -> None:
    honest = clip("a.mp4")
    content = bytearray(honest.read_bytes())
    for box, place in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):  # ISO/IEC 14496-12, version 0 of each
        struct.pack_into(">I", content, content.index(box) + place, claim)
    path = tmp_path / "liar.mp4"
    path.write_bytes(content)
    footage = probe(path, decoder)
    assert (footage.span, footage.frame_count) == (Span(0, 25600, Fraction(1, 12800)), 50)
    assert len(seen(path, footage, decoder)) == 50


@pytest.mark.parametrize("claim", [0.0, -5.0, 1e12, float("nan")])
def test_a_length_that_matroska_makes_up_is_not_believed(
    clip: Clip, decoder: Decoder, tmp_path: Path, claim: float
) -> None:
    content = bytearray(clip("a.mkv").read_bytes())
    duration = content.index(b"\x44\x89\x88")  # RFC 9559, Info\Duration, eight bytes
    struct.pack_into(">d", content, duration + 3, claim)
    path = tmp_path / "liar.mkv"
    path.write_bytes(content)
    footage = probe(path, decoder)
    assert (footage.span, footage.frame_count) == (Span(0, 2000, Fraction(1, 1000)), 50)


def test_a_thousand_pictures_a_second_are_sampled_by_time(clip: Clip, decoder: Decoder) -> None:
    path = clip("fast.mkv", rate=1000, frames=500, size=(64, 36), codec="mpeg4", b_frames=0)
    footage = probe(path, decoder)
    assert (footage.rate, footage.frame_count, footage.duration) == (1000, 500, Fraction(1, 2))
    assert seen(path, footage, decoder, per_second=8) == [0, 125, 250, 375]


def test_a_picture_that_stands_for_a_hundred_hours_is_one_picture(clip: Clip, decoder: Decoder) -> None:
    hours = 100 * 3600 * 1000
    path = clip("still.mkv", base=Fraction(1, 1000), times=[0, 40, hours], gop=1, b_frames=0)
    footage = probe(path, decoder)
    assert (footage.span.start, footage.span.end > hours, footage.frame_count) == (0, True, 3)
    assert seen(path, footage, decoder) == [0, 40, hours]
    source = Source(path, footage, decoder, decoder.settings)
    assert read_number(source.at([hours // 2], width=160).images[0]) == 1


# --- D12: sizes and pixels


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("one.mkv", {"size": (1, 1), "codec": "ffv1", "pixel_format": "yuv444p"}),
        ("narrow.mkv", {"size": (3, 7), "codec": "ffv1", "pixel_format": "yuv444p"}),
        ("wide.mkv", {"size": (2000, 2), "codec": "ffv1", "pixel_format": "yuv444p"}),
        ("alpha.mov", {"codec": "prores_ks", "pixel_format": "yuva444p10le"}),
        ("alpha.mkv", {"codec": "ffv1", "pixel_format": "bgra"}),
        ("half.mp4", {"pixel_format": "yuv422p"}),
        ("sixteen.mkv", {"codec": "ffv1", "pixel_format": "gray16le"}),
        ("two_colours.mov", {"codec": "png", "pixel_format": "monob"}),
    ],
)
def test_any_size_and_pixel_format_becomes_eight_bit_rgb(
    clip: Clip, decoder: Decoder, name: str, options: dict[str, object]
) -> None:
    path = clip(name, frames=3, strip=False, **options)
    footage = probe(path, decoder)
    width, height = options.get("size", (320, 180))  # type: ignore[misc]
    source = Source(path, footage, decoder, decoder.settings)
    images = source.at([footage.grid.pts(frame) for frame in range(3)], width=64).images
    assert images.dtype == np.uint8
    long_side = max(images.shape[1:3])
    assert (images.shape[0], long_side, images.shape[3]) == (3, 64, 3)
    assert (footage.video.width, footage.video.height) == (width, height)
    assert len(source.shots) == 1


# --- D16: packets lost on the way


def test_footage_with_lost_packets_is_used_and_its_times_hold(clip: Clip, decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "lossy.mkv"
    with av.open(str(clip("long.mkv", frames=200, gop=25))) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size and (packet.is_keyframe or number % 7):
                packet.stream = stream
                output.mux(packet)
    footage = probe(path, decoder)
    assert (footage.span, footage.rate) == (Span(0, 8000, Fraction(1, 1000)), Fraction(25))
    opened = Source(path, footage, decoder, decoder.settings)
    for frame in (0, 25, 100, 175):  # pictures that need no others
        assert read_number(opened.at([frame * 40], width=160).images[0]) == frame


# --- D14, D19: what comes along in the container


def test_chapters_and_attachments_are_ignored_and_never_written(clip: Clip, decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "inside" / "loaded.mkv"
    path.parent.mkdir()
    with av.open(str(clip("a.mkv"))) as source, av.open(str(path), "w") as output:
        output.add_attachment("../../x.sh", "text/plain", b"#!/bin/sh\n" * 1000)
        output.set_chapters(
            [
                {"id": number, "start": number, "end": number + 1, "time_base": Fraction(1, 1000), "metadata": {}}
                for number in range(1, 2000)
            ]
        )
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    before = sorted(tmp_path.rglob("*"))
    footage = probe(path, decoder)
    assert (footage.frame_count, len(seen(path, footage, decoder))) == (50, 50)
    assert sorted(tmp_path.rglob("*")) == before


def test_of_several_pictures_the_default_is_taken_and_without_one_the_first(
    clip: Clip, decoder: Decoder, tmp_path: Path
) -> None:
    for default, expected in ((1, (128, 72)), (None, (320, 180))):
        path = tmp_path / f"two-{default}.mkv"
        with (
            av.open(str(clip("a.mp4"))) as large, av.open(str(clip("small.mp4", size=(128, 72)))) as small,
            av.open(str(path), "w") as output,
        ):  # fmt: skip
            streams = [output.add_stream_from_template(source.streams.video[0]) for source in (large, small)]
            for number, stream in enumerate(streams):
                stream.disposition = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
            packets = [(packet, stream) for source, stream in zip((large, small), streams, strict=True)
                       for packet in source.demux(video=0) if packet.size]  # fmt: skip
            for packet, stream in sorted(packets, key=lambda each: each[0].dts):
                packet.stream = stream
                output.mux(packet)
        footage = probe(path, decoder)
        assert (footage.video.width, footage.video.height) == expected
        assert (footage.frame_count, len(seen(path, footage, decoder))) == (50, 50)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg writes transport streams of several programs")
def test_of_several_programs_the_first_is_taken(clip: Clip, decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "channels.ts"
    sources = ["-i", str(clip("a.mp4")), "-i", str(clip("small.mp4", size=(128, 72)))]
    programs = ["-program", "title=one:st=0", "-program", "title=two:st=1"]
    ffmpeg = ["ffmpeg", "-v", "error", *sources, "-map", "0:v", "-map", "1:v", "-c", "copy", *programs, str(path)]
    subprocess.run(ffmpeg, check=True)
    footage = probe(path, decoder)
    assert (footage.video.width, footage.video.height) == (320, 180)
    assert len(seen(path, footage, decoder)) == 50


# --- D15: footage that somebody locked


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg encrypts")
def test_encrypted_footage_is_refused_and_not_taken_for_damaged(clip: Clip, decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "locked.mp4"
    key = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "00" * 16, "-encryption_kid", "11" * 16]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip("a.mp4")), "-c", "copy", *key, str(path)], check=True)
    with pytest.raises(UnusableFootage, match="Decrypt it with the program it came from") as refused:
        probe(path, decoder)
    assert refused.value.code == "encrypted"


# --- D22: a disk that stops answering


@pytest.mark.skipif(not shutil.which("strace"), reason="strace makes reading fail")
@pytest.mark.parametrize("fails_from", [3, 30])
def test_where_the_disk_fails_the_file_is_unreadable_for_now_and_not_shorter(
    clip: Clip, decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_from: int
) -> None:
    """FFmpeg calls both the end of a cut file and a disk's error an input error."""
    path = clip("heavy.mov", frames=60, size=(640, 360), codec="prores_ks", pixel_format="yuv422p10le")
    footage = probe(path, decoder)
    python = tmp_path / "python"
    faults = [f"inject=read:error=EIO:when={fails_from}+", "inject=pread64:error=EIO:when=1+"]
    strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P", str(path), "-e", "trace=read,pread64"]
    traced = shlex.join([*strace, *(part for fault in faults for part in ("-e", fault)), sys.executable])
    python.write_text(f'#!/bin/sh\nexec {traced} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr("momentidx.media.process.sys.executable", str(python))
    with Decoder(Settings()) as failing, pytest.raises(UnusableFootage, match="Input/output error") as refused:
        seen(path, footage, failing)
    assert (refused.value.code, refused.value.passing) == ("unreadable", True)


# --- memory


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_4k_takes_less_than_800_mb_and_not_more_when_it_is_longer(tmp_path: Path) -> None:
    one = render(
        tmp_path / "one.mp4",
        frames=60,
        size=(3840, 2160),
        picture=lambda number: np.roll(slope((3840, 2160)), 40 * number, axis=1),
        codec_options={"preset": "ultrafast"},
    )
    peaks = []
    for times in (3, 9):
        path = repeated(one, tmp_path / f"{times}.mp4", times)
        with Decoder(Settings()) as decoder:
            footage = probe(path, decoder)
            source = Source(path, footage, decoder, decoder.settings)
            assert (footage.frame_count, len(source.shots)) == (60 * times, times)
            assert len(seen(path, footage, decoder, per_second=25, width=336)) == 60 * times
            [image] = source.at([footage.span.end - 1], width=336).images
            assert read_number(image) == 59
            peaks.append(peak_mb(decoder.run(tasks.own_pid, file=path, seconds=30)))
    assert max(peaks) < 800
    assert peaks[1] < peaks[0] + 40, peaks


def repeated(path: Path, target: Path, times: int) -> Path:
    """The clip again and again, without coding it again."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        length = source.streams.video[0].duration
        assert length is not None
        for turn in range(times):
            source.seek(0)
            for packet in source.demux(video=0):
                if packet.size and packet.pts is not None and packet.dts is not None:
                    packet.pts, packet.dts = packet.pts + turn * length, packet.dts + turn * length
                    packet.stream = stream
                    output.mux(packet)
    return target


def peak_mb(pid: int) -> float:
    assert psutil.pid_exists(pid)
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
