"""Files made to deceive, to burst or to break: each ends with a reason, nothing else is opened, nobody dies.

The numbers D1 to D18 are the project's catalogue of what goes wrong with media files.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from momentidx.config import Settings
from momentidx.errors import UnusableFootage
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source

Clip = Callable[..., Path]

ENDINGS = {"truncated", "not-media", "not-allowed", "no-video", "undecodable", "too-large", "no-decoder", "memory"}
"""What a broken file may end with; a crash, a time limit or an error of our own is not among them."""


def outcome(path: Path, decoder: Decoder) -> str:
    """`footage`, or the code of the refusal."""
    try:
        probe(path, decoder)
    except UnusableFootage as error:
        return error.code
    return "footage"


def outcome_of_a_pass(path: Path, decoder: Decoder) -> str:
    """The same, when the shots are looked for and all pictures are decoded as well."""
    try:
        source = Source(path, probe(path, decoder), decoder, decoder.settings)
        assert source.shots
        assert len(source.signals.pts)
    except UnusableFootage as error:
        return error.code
    return "footage"


# --- D1: no media at all


@pytest.mark.parametrize("content", [b"\0", b"just a text\n" * 50, random.Random(1).randbytes(100_000), bytes(100_000)])
def test_what_is_no_media_is_refused_whatever_its_name(decoder: Decoder, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert outcome(path, decoder) in ("not-media", "not-allowed")


# --- D2, D3: damage


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mov", "cut.mkv", "cut.ts", "cut.avi"])
def test_a_file_cut_anywhere_is_footage_up_to_there_or_refused(
    clip: Clip, decoder: Decoder, tmp_path: Path, name: str
) -> None:
    faststart = {"movflags": "+faststart"} if name.endswith("mp4") else {}
    whole = clip(name, size=(64, 36), codec="mpeg4" if name.endswith("avi") else "libx264", container_options=faststart)
    content = whole.read_bytes()
    path = tmp_path / name
    found = []
    for percent in range(2, 100, 3):
        path.write_bytes(content[: len(content) * percent // 100])
        found.append(outcome(path, decoder))
    assert set(found) <= {*ENDINGS, "footage"}
    # An index at the end is lost with the end; everywhere else most of the file remains.
    assert found[-1] == ("truncated" if name.endswith("mov") else "footage")
    assert found[0] != "footage"


SIX = ("m.mp4", "m.mov", "m.mkv", "m.ts", "m.avi", "m.mxf")


def mutants(clip: Clip, folder: Path, count: int) -> Iterator[Path]:
    """`count` damaged copies of small clips in six containers; the same ones in every run."""
    for number in range(count):
        name = SIX[number % len(SIX)]
        codec = {"m.mov": "prores_ks", "m.avi": "mpeg4", "m.mxf": "mpeg2video"}.get(name, "libx264")
        pixels = {"m.mov": "yuv422p10le", "m.mxf": "yuv422p"}.get(name, "yuv420p")
        content = bytearray(clip(name, frames=12, size=(64, 48), codec=codec, pixel_format=pixels).read_bytes())
        dice = random.Random(number)
        reach = len(content) if dice.random() < 0.5 else min(len(content), 2000)  # half of them in the headers
        for _ in range(dice.choice((1, 3, 10, 40))):
            content[dice.randrange(reach)] = dice.choice((0, 255, dice.randrange(256)))
        if dice.random() < 0.2:
            start = dice.randrange(len(content))
            del content[start : start + dice.randrange(1, 500)]
        path = folder / f"{number}.{name}"
        path.write_bytes(content)
        yield path


@pytest.mark.parametrize("count", [204, pytest.param(1002, marks=pytest.mark.slow)])
def test_every_mutant_is_footage_or_refused_and_no_decoder_dies(clip: Clip, tmp_path: Path, count: int) -> None:
    with Decoder(Settings(decode_base_seconds=20)) as decoder:
        found = {path.name: outcome_of_a_pass(path, decoder) for path in mutants(clip, tmp_path, count)}
        assert {name: code for name, code in found.items() if code not in {*ENDINGS, "footage"}} == {}
        assert decoder.deaths == 0
    assert {"footage", "truncated", "not-media"} <= set(found.values())


# --- D7: decompression bombs


def png_of(width: int, height: int) -> bytes:
    """A black picture; a few kilobytes for hundreds of megapixels."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + width)) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bomb(path: Path, header: tuple[int, int]) -> Path:
    """A movie of one picture of 16,000 x 16,000 pixels; its header says what it is told."""
    with av.open(str(path), "w") as output:
        stream = output.add_mux_stream("png", rate=25, width=header[0], height=header[1])
        packet = av.Packet(png_of(16_000, 16_000))
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 25)
        packet.is_keyframe = True
        output.mux(packet)
    assert path.stat().st_size < 1_000_000
    return path


def test_a_bomb_is_refused_by_its_header(decoder: Decoder, tmp_path: Path) -> None:
    with pytest.raises(UnusableFootage, match="16000x16000 pixels") as caught:
        probe(bomb(tmp_path / "bomb.mov", header=(16_000, 16_000)), decoder)
    assert caught.value.code == "too-large"


def test_a_bomb_behind_an_innocent_header_is_not_unpacked(tmp_path: Path) -> None:
    with Decoder(Settings(decode_memory_mb=150)) as small:  # 256 MB would not fit: it would end in `memory`
        assert outcome(bomb(tmp_path / "bomb.mov", header=(160, 90)), small) == "undecodable"


def test_a_limit_on_pixels_is_the_users_to_set(clip: Clip) -> None:
    with Decoder(Settings(max_pixels=320 * 180 - 1)) as strict:
        assert outcome(clip("a.mp4"), strict) == "too-large"


# --- D13: pictures that are no footage


def test_a_cover_is_no_footage(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        stream.disposition = av.stream.Disposition.attached_pic
        output.mux(stream.encode(av.VideoFrame(64, 64, "yuvj420p")))
        output.mux(stream.encode(None))
    assert outcome(path, decoder) == "no-video"


# --- D17, D18: playlists in disguise


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Callable[[], bool]]:
    """A file and a port that nobody may touch, named in the lists below; tells whether it snapped.

    The file is a pipe without a writer: whoever opens it to read waits, and is found waiting.
    """
    os.mkfifo(tmp_path / "canary.ts")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        (tmp_path / "port").write_text(str(server.getsockname()[1]), encoding="ascii")

        def snapped() -> bool:
            with contextlib.suppress(BlockingIOError):
                server.accept()[0].close()
                return True
            try:
                os.close(os.open(tmp_path / "canary.ts", os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # nobody reads it
                return False
            return True

        yield snapped


PLAYLISTS = {
    "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "concat.mp4": "ffconcat version 1.0\nfile '{target}'\n",
    "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" '
    'bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
    "list.mp4": "{target}\n",
    "imf.mp4": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">'
    "<Id>{target}</Id></CompositionPlaylist>",
}


@pytest.mark.parametrize("name", PLAYLISTS)
@pytest.mark.parametrize("target", ["canary.ts", "file:{folder}/canary.ts", "http://127.0.0.1:{port}/a.ts"])
def test_a_playlist_in_disguise_opens_nothing(
    decoder: Decoder, tmp_path: Path, trap: Callable[[], bool], name: str, target: str
) -> None:
    port = (tmp_path / "port").read_text(encoding="ascii")
    path = tmp_path / name
    path.write_text(
        PLAYLISTS[name].format(target=target.format(folder=tmp_path, port=port), port=port), encoding="ascii"
    )
    assert outcome(path, decoder) in ("not-allowed", "not-media")
    assert not trap()


def test_a_movie_whose_pictures_lie_in_another_file_does_not_open_it(
    clip: Clip, decoder: Decoder, tmp_path: Path, trap: Callable[[], bool]
) -> None:
    """D18: a data reference (ISO/IEC 14496-12, `dref`) that names another file, as reference movies do."""
    content = bytearray(clip("a.mov").read_bytes())
    location = b"canary.ts\0"
    dref = content.index(b"dref")
    entry = dref + 4 + 8  # after the kind: version and flags, and the count of entries
    assert content[entry + 4 : entry + 8] == b"url "
    content[entry : entry + 12] = struct.pack(">I4sI", 12 + len(location), b"url ", 0) + location
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        size = content.rindex(box, 0, dref + 4) - 4
        struct.pack_into(">I", content, size, struct.unpack_from(">I", content, size)[0] + len(location))
    path = tmp_path / "reference.mov"
    path.write_bytes(content)
    assert outcome_of_a_pass(path, decoder) in {*ENDINGS, "footage"}
    assert not trap()


@pytest.mark.parametrize("name", ["hls.mp4", "concat.mp4"])
def test_an_avi_whose_subtitles_are_a_playlist_opens_nothing(
    clip: Clip, decoder: Decoder, tmp_path: Path, trap: Callable[[], bool], name: str
) -> None:
    """D18: a stream of subtitles (`GAB2`) whose text is a list of other files."""
    content = clip("a.avi", codec="mpeg4", b_frames=0).read_bytes()
    playlist = PLAYLISTS[name].format(target=tmp_path / "canary.ts").encode()
    text = b"GAB2\0" + struct.pack("<HIHHI", 2, 2, 0, 4, len(playlist)) + playlist
    header = struct.pack("<4s4sIHHIIIIIIII8x", b"txts", bytes(4), 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0)
    stream = _chunk(b"LIST", b"strl" + _chunk(b"strh", header) + _chunk(b"strf", b""))
    lists = [data for kind, data in _chunks(content[12:]) if kind == b"LIST"]
    hdrl, movi = (next(data for data in lists if data[:4] == kind) for kind in (b"hdrl", b"movi"))
    avih = bytearray(hdrl)
    struct.pack_into("<I", avih, 4 + 8 + 24, 2)  # so many streams
    path = tmp_path / "subtitled.avi"
    body = b"AVI " + _chunk(b"LIST", bytes(avih) + stream) + _chunk(b"LIST", b"movi" + _chunk(b"01tx", text) + movi[4:])
    path.write_bytes(_chunk(b"RIFF", body))
    with av.open(str(path)) as container:
        assert [each.type for each in container.streams] == ["video", "subtitle"]
    assert outcome_of_a_pass(path, decoder) in {*ENDINGS, "footage"}
    assert not trap()


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Of RIFF: what it is, its size, and what is in it, filled up to an even number of bytes."""
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        (size,) = struct.unpack_from("<I", content, at + 4)
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def test_the_trap_for_playlists_works(clip: Clip, tmp_path: Path) -> None:
    """FFmpeg without our precautions does follow such a list."""
    (tmp_path / "target.ts").write_bytes(clip("a.ts").read_bytes())
    listed = tmp_path / "concat.mp4"
    listed.write_text(PLAYLISTS["concat.mp4"].format(target="target.ts"), encoding="ascii")
    with av.open(str(listed)) as container:
        assert len(list(container.decode(video=0))) == 50


NAMES = (
    "http:x.mp4",
    "concat:a|b.mp4",
    "-version.mp4",
    "a%03d.mp4",
    "pipe:0",
    "fd:",
    "data:,x.mp4",
    "file:x.mp4",
    "a%d.png",
    "list.m3u8",
    "with space, 'quote' \"and\" \\.mov",
    "line\nbreak.mov",
    "東京 – имя.mkv",
    "x" * 250,
    os.fsdecode(b"not text \xff\xfe.mp4"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_a_name(
    clip: Clip, decoder: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    plain = clip("a.mp4")
    (tmp_path / name).write_bytes(plain.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe(Path(name), decoder) == probe(plain, decoder)


def test_what_a_file_says_about_itself_is_kept_short(decoder: Decoder, clip: Clip, tmp_path: Path) -> None:
    """D19: a tag of five megabytes."""
    path = tmp_path / "talkative.mkv"
    with av.open(str(clip("a.mkv"))) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        output.metadata["make"] = "x" * 5_000_000
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    footage = probe(path, decoder)
    assert footage == replace(probe(clip("a.mkv"), decoder), fingerprint=footage.fingerprint, camera="x" * 200)
