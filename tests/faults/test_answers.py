"""Row 16: whatever a captioner answers, what is stored lies inside the footage, and only that job may fail."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from momentidx.errors import UnusableFootage
from momentidx.events import Event
from momentidx.library import Described, WritableLibrary
from momentidx.times import Span
from tests.faults.running import sound
from tests.library.making import BASE, FOOTAGE, SHOTS, WANTED, file, other, recognised, stage

START, END = FOOTAGE.span.start, FOOTAGE.span.end
SENTENCES = [
    *("A red door opens.", "", " \t\n", "\0", "\x1b[31mred", "\ud800", "\u202eabc", "<script>alert(1)</script>"),
    *("'; DROP TABLE event; --", "=cmd|' /C calc'!A0", "a" * 100_000, "wort " * 5000, "😀" * 3000, "e\u0301"),
]  # fmt: skip
NUMBERS: list[Any] = [0, -1, 2**63, 1e308, math.nan, math.inf, -math.inf, None, True, "text", [], {}, {"a": [math.nan]}]


def answer(chance: random.Random) -> Described:
    """An answer as a network might give it that was never taught what it is for."""
    events = [
        Event(
            span(chance), chance.choice(SENTENCES), chance.choice(["shot", "", "\0", "k" * 5000]),
            edge=chance.choice([Fraction(0), Fraction(-1), Fraction(10**30, 7)]), measures=measures(chance),
        )
        for _ in range(chance.choice([0, 1, 1, 1, 2, 5, 50]))
    ]  # fmt: skip
    stills = [chance.choice([None, b"", b"no picture"])] * chance.choice([0, 0, len(events), len(events), 1])
    return Described(SHOTS, events, stills)


def span(chance: random.Random) -> Span:
    """Mostly one inside the footage."""
    if chance.random() < 0.8:
        start = chance.randrange(START, END)
        return Span(start, chance.randrange(start, END) + 1, BASE)
    start = chance.choice([-(2**62), START - 1, END - 1, END, 2**62, 0])
    return Span(start, start + chance.choice([1, END, 2**62]), chance.choice([BASE, BASE, Fraction(1, 25)]))


def measures(chance: random.Random) -> dict[str, Any]:
    found = {chance.choice(["people", "", "x" * 1000]): chance.choice(NUMBERS)} if chance.random() < 0.3 else {}
    if chance.random() < 0.02:
        deep: Any = 1
        for _ in range(100_000):
            deep = [deep]
        found["deep"] = deep
    return found


def store_answers(folder: Path, seeds: range) -> tuple[int, int]:
    """How many of the answers were kept and refused; everything that was kept is looked at."""
    kept = refused = 0
    with WritableLibrary.open(folder / "library") as library:
        for seed in seeds:
            footage = other(f"{seed:032x}")
            claim = recognised(library, file(folder, f"{seed}.mp4", b"%d" % seed), footage)
            job = stage(claim, "describe")
            try:
                assert library.keep_layer(job, footage, claim.path, answer(random.Random(seed)), WANTED)
                kept += 1
            except UnusableFootage as unusable:
                assert unusable.code == "captioner-answer"
                library.fail(job, unusable.code, str(unusable), passing=False)
                refused += 1
        lines = library.dump(canonical=False)
        assert library.status().stages["describe"] == {
            "queued": 0, "running": 0, "done": kept, "failed": refused, "cancelled": 0
        }  # fmt: skip
        sound(library.folder)
        with library._reading() as connection:
            rows = connection.exec_driver_sql("SELECT start_pts, end_pts, caption FROM event").fetchall()
    assert len(lines) > kept
    for start, end, caption in rows:
        assert START <= start < end <= END
        assert 0 < len(caption) <= 2000
        assert not any(ord(letter) < 32 for letter in caption)
    return kept, refused


def test_what_a_captioner_answers_is_kept_inside_the_footage_or_refused(tmp_path: Path) -> None:
    kept, refused = store_answers(tmp_path, range(40))
    assert kept > 5
    assert refused > 5


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 6000, 500))
def test_so_are_five_thousand_answers(tmp_path: Path, figure: Callable[[str], None], first: int) -> None:
    kept, refused = store_answers(tmp_path, range(first, first + 500))
    figure(f"500 answers: {kept} kept, {refused} refused, 0 events outside of their footage, 0 crashes")
