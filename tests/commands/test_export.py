"""`momentidx export`: from words to files, on a real library."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import opentimelineio
import pytest
from typer.testing import CliRunner, Result

from momentidx.errors import MomentidxError, WrongUse
from momentidx.events import Event, Layer
from momentidx.files import SeenFile
from momentidx.footage import AudioStream, Footage, VideoStream
from momentidx.library import Bins, Described, Library, SavedSearches, WritableLibrary
from momentidx.search.minilm import MiniLMEmbedder, installed_weights
from momentidx.times import Span, StartTimecode
from tests.library.making import indexed
from typer_app import app

CAPTIONS = {"pal.mov": (Fraction(25), "A woman opens a red door."), "film.mov": (Fraction(24), "A red door is shut.")}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of different rates, each with a door in its third second and a dog in its fifth."""
    folder = tmp_path_factory.mktemp("export")
    embedder = MiniLMEmbedder(installed_weights())
    with WritableLibrary.open(folder / "library") as library:
        for name, (rate, caption) in CAPTIONS.items():
            path = folder / name
            path.write_text(name)
            footage = Footage(
                fingerprint=name.encode().hex(),
                container="mov",
                span=Span(0, int(10 * rate), 1 / rate),
                rate=rate,
                video=VideoStream(0, "prores", 1920, 1080, "yuv422p10le", 10),
                audio=(AudioStream(1, "pcm_s24le", 48000, 2, "stereo"),),
                start=StartTimecode(int(3600 * rate), source="track"),
            )
            events = [
                Event(Span(int(2 * rate), int(3 * rate), 1 / rate), caption),
                Event(Span(int(4 * rate), int(5 * rate), 1 / rate), "A dog runs along the beach."),
            ]
            told = Described(Layer("told", "1"), events)
            indexed(library, SeenFile.of(path), footage, told, embedder=embedder, embed=embedder.embed)
    return folder / "library"


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_several_programs_at_once_and_a_file_for_each_rate(library: Path, tmp_path: Path) -> None:
    arguments = (
        "red door",
        "-o",
        tmp_path / "cut",
        "--to",
        "finalcut",
        "--to",
        "avid",
        "--limit",
        "2",
        "--library",
        library,
    )
    done = export(*arguments, "--handles", "12f", "--order", "source")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        f"Wrote 2 clips, 2.0 s, to {tmp_path}/cut.fcpxml.\n"
        f"Wrote 1 clip, 1.0 s, to {tmp_path}/cut-25.edl.\n"
        f"Wrote 1 clip, 1.0 s, to {tmp_path}/cut-24.edl.\n"
    )
    assert done.stderr == (
        "The clips have different frame rates (25, 24); the sequence has 25.\n"
        "There are several files because edl holds one frame rate, or so many clips, in a file.\n"
    )
    assert "01:00:01:12 01:00:03:12 01:00:00:00 01:00:02:00" in (tmp_path / "cut-24.edl").read_text()
    again = export(*arguments)
    assert isinstance(again.exception, WrongUse)
    assert "exists already" in str(again.exception)


def test_the_options_shape_the_timeline(library: Path, tmp_path: Path) -> None:
    done = export(
        "--query", "red door", "-o", tmp_path / "cut.otio", "--library", library, "--rate", "25", "--gap", "10f",
        "--start-tc", "02:00:00:00", "--no-audio", "--one-per", "clip", "--max-duration", "2s",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    timeline = opentimelineio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    (track,) = timeline.tracks
    assert [item.duration().to_frames() for item in track] == [25, 10, 25]
    assert timeline.global_start_time == opentimelineio.opentime.RationalTime(2 * 3600 * 25, 25)


def test_a_file_is_checked_without_a_library(library: Path, tmp_path: Path) -> None:
    assert export("dog", "-o", tmp_path / "a.fcpxml", "--library", library, "--limit", "1").exit_code == 0
    good = export("--check", tmp_path / "a.fcpxml")
    assert (good.exit_code, good.stdout) == (0, f"{tmp_path}/a.fcpxml: no problem found.\n")
    text = (tmp_path / "a.fcpxml").read_text()
    (tmp_path / "b.fcpxml").write_text(text.replace(str(library.parent), "/gone"))
    bad = export("--check", tmp_path / "b.fcpxml")
    assert bad.exit_code == 1
    assert "mov is not there (clip 1 (" in bad.stdout


def test_without_an_answer_it_ends_as_find_does_and_writes_nothing(library: Path, tmp_path: Path) -> None:
    done = export("dog duration:>1h", "-o", tmp_path / "a.otio", "--library", library)
    assert (done.exit_code, done.stdout, done.stderr) == (
        3,
        "",
        "Nothing was found.\nWithout duration:>1h there would be 4 moments.\n4 events of 2 clips were searched.\n",
    )
    assert not (tmp_path / "a.otio").exists()


def test_answers_that_hardly_fit_are_written_with_a_word_of_doubt(library: Path, tmp_path: Path) -> None:
    done = export("quarterly earnings", "-o", tmp_path / "a.fcpxml", "--library", library)
    assert done.exit_code == 0
    assert "Nothing convincing was found: the best answer scores 0." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "kind", "sentence"),
    [
        (("red door",), WrongUse, "Say what to export and where to"),
        (("-o", "a.otio"), WrongUse, "Say what to export and where to"),
        (("a", "-q", "b", "-o", "a.otio"), WrongUse, "Say what to export and where to"),
        (("a", "-o", "a.docx"), WrongUse, "the ending picks the format"),
        (("a", "-o", "a.otio", "--rate", "fast"), WrongUse, "'fast' is not a frame rate"),
        (("a", "-o", "a.otio", "--max-duration", "x"), WrongUse, "'x' is not a length"),
        (("--check", "a.srt"), WrongUse, "files of this ending cannot be checked"),
        (("--check", "missing.otio"), WrongUse, "missing.otio: there is no such file."),
    ],
)
def test_what_makes_no_sense_is_a_sentence(
    arguments: tuple[str, ...], kind: type[MomentidxError], sentence: str, library: Path
) -> None:
    done = export(*arguments, "--library", library)
    assert type(done.exception) is kind
    assert sentence in str(done.exception)


def test_the_moments_of_a_bin_are_exported_in_its_order(library: Path, tmp_path: Path) -> None:
    with Library.open(library) as opened:
        first, second, *_ = opened.moments()
    bins = Bins(library)
    bins.add("Day 1", [second, first], query="a dog")
    bins.note("Day 1", 1, "Hold the last frame.")
    bins.rate("Day 1", 2, 5)
    file = tmp_path / "day.csv"
    done = export("--selects", "Day 1", "-o", file, "--library", library)
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [row["id"] for row in rows] == [str(second.id), str(first.id)]
    assert [(row["note"], row["rating"], row["query"]) for row in rows] == [
        ("Hold the last frame.", "0", "a dog"), ("", "5", "a dog"),
    ]  # fmt: skip


def test_a_saved_search_is_exported_as_its_words(library: Path, tmp_path: Path) -> None:
    SavedSearches(library).save("Beach", "a dog runs")
    file = tmp_path / "beach.jsonl"
    done = export("--saved", "Beach", "-o", file, "--limit", "1", "--library", library)
    assert done.exit_code == 0, done.output
    (row,) = map(json.loads, file.read_text().splitlines())
    assert (row["caption"], row["query"]) == ("A dog runs along the beach.", "a dog runs")
    with pytest.raises(WrongUse, match=r"There is no saved search 'Beech'\. Did you mean 'Beach'\?"):
        CliRunner().invoke(
            app,
            ["export", "--saved", "Beech", "-o", str(file), "--force", "--library", str(library)],
            catch_exceptions=False,
        )


@pytest.mark.parametrize(
    "twice", [["dog", "--selects", "Day 1"], ["dog", "--query", "dog"], ["dog", "--saved", "Beach"], []]
)
def test_an_export_is_of_one_thing(library: Path, tmp_path: Path, twice: list[str]) -> None:
    with pytest.raises(WrongUse, match="Say what to export and where to"):
        CliRunner().invoke(
            app, ["export", *twice, "-o", str(tmp_path / "x.otio"), "--library", str(library)], catch_exceptions=False
        )
