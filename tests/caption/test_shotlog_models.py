"""The shot log with its small models, on real footage whose contents are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from momentidx.caption.shotlog import ShotLog
from momentidx.caption.shotlog.models import installed
from momentidx.events import Event
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source
from momentidx.models.store import MODELS, Store

SHARED = Path(__file__).parents[2].parent / "shared"
REAL = SHARED / "data" / "video" / "real"

pytest.importorskip("ai_edge_litert", reason="pip install 'momentidx[shotlog]'")
pytestmark = pytest.mark.skipif(not (SHARED / "models").is_dir(), reason=f"no models in {SHARED / 'models'}")

Log = Callable[[Path], list[tuple[float, float, Event]]]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, decoder: Decoder) -> Log:
    """Start and end in seconds of each event of a file."""
    store = Store(tmp_path_factory.mktemp("models"))
    for file in MODELS["shotlog"].files:
        store.add(SHARED / "models" / file.name)
    captioner = ShotLog(installed(store))

    def describe(path: Path) -> list[tuple[float, float, Event]]:
        footage = probe(path, decoder)
        events = captioner.describe(footage, Source(path, footage, decoder, decoder.settings))
        times = ((footage.seconds(each.span.start), footage.seconds(each.span.end)) for each in events)
        return [(float(start), float(end), each) for (start, end), each in zip(times, events, strict=True)]

    return describe


VISITS = [(6.1, 20.0), (22.8, 45.2), (50.3, 69.9), (74.6, 87.0), (92.2, 120.1), (123.5, 136.4)]
CLOTHES = ["grey", "black", "black", "black", "grey", "grey"]


@pytest.mark.parametrize("until", [48, pytest.param(140, marks=pytest.mark.slow)], ids=["two", "six"])
def test_each_visitor_is_an_event_with_the_colour_of_the_clothes(log: Log, until: int, tmp_path: Path) -> None:
    beginning = cut(REAL / "person_visits_table_139s.mp4", tmp_path / "visits.mp4", until)
    visits = [each for each in log(beginning) if each[2].kind == "people"]
    truth = [visit for visit in VISITS if visit[1] < until]
    assert len(visits) == len(truth)
    for (start, end, event), (first, last) in zip(visits, truth, strict=True):
        assert abs(start - first) <= 0.8
        assert abs(end - last) <= 1.0
        assert event.measures["count"] == 1
    assert [event.measures["clothes"] for _, _, event in visits] == CLOTHES[: len(truth)]


def cut(source: Path, path: Path, until: int) -> Path:
    """The first seconds of a file, copied packet by packet."""
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.pts is not None and packet.pts * packet.time_base < until:
                packet.stream = stream
                written.mux(packet)
    return path


def test_a_dog_and_its_owner_are_named(log: Log) -> None:
    events = [event for _, _, event in log(REAL / "dog_treat_10s.mp4")]
    (shot,) = [event for event in events if event.kind == "shot"]
    assert shot.measures["people"]["count"] == 1
    assert any("dog" in event.caption for event in events)
    assert {event.measures["name"] for event in events if event.kind == "object"} == {"dog"}


def test_music_that_plays_from_end_to_end_is_one_event(log: Log) -> None:
    heard = [
        (start, end, event.caption) for start, end, event in log(REAL / "silent_film_10s.mp4") if event.kind == "sound"
    ]
    assert heard == [(0.0, 9.64, "Sound of music.")]


def test_a_face_gives_the_size_of_the_shot(log: Log) -> None:
    people = [event.measures["people"] for _, _, event in log(REAL / "asl_help.mkv") if event.kind == "shot"]
    assert [(each["count"], each["size"], each["facing"]) for each in people] == [(1, "medium", True)]


def test_an_empty_desk_has_nobody_in_it(log: Log) -> None:
    events = log(REAL / "cable_desk_7s.mp4")
    assert [event.kind for _, _, event in events if event.kind in ("people", "sound")] == []
    assert "person" not in " ".join(event.caption for _, _, event in events)
