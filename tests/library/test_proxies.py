"""A lighter copy of footage is recognised, not described, and shown as what it is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from momentidx.footage import Footage
from momentidx.library import WritableLibrary
from momentidx.times import Span, StartTimecode
from tests.library.making import FOOTAGE, LETTERS, WANTED, file, indexed, recognised, wanted

LIGHT = replace(FOOTAGE, fingerprint="beef" * 8, video=replace(FOOTAGE.video, width=320, height=180))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Where originals and proxies lie."""
    made = tmp_path / "original", tmp_path / "proxy"
    for folder in made:
        folder.mkdir()
    return made


def places(library: WritableLibrary) -> list[list[tuple[str, bool, bool]]]:
    return [
        [(place.path.name, place.online, place.proxy) for place in summary.locations] for summary in library.footage()
    ]


@pytest.mark.parametrize("name", ["a.mp4", "A.mov", "a_Proxy.mov"])
def test_a_proxy_is_one_more_place_of_its_original_and_is_not_described(
    library: WritableLibrary, folders: tuple[Path, Path], name: str
) -> None:
    original, proxy = file(folders[0], "a.mov"), file(folders[1], name)
    indexed(library, original)
    assert recognised(library, proxy, LIGHT).jobs == ()
    assert library.plan(WANTED) == 0
    assert places(library) == [[("a.mov", True, False), (name, True, True)]]
    assert library.footage_of(proxy.path) == FOOTAGE
    assert library.status().footage == 1
    library.mark(offline=[original.path])
    assert places(library) == [[("a.mov", False, False), (name, True, True)]]


def test_when_the_original_comes_later_the_proxy_steps_back(
    library: WritableLibrary, folders: tuple[Path, Path]
) -> None:
    proxy, original = file(folders[1], "a.mov"), file(folders[0], "a.mov")
    indexed(library, proxy, LIGHT)
    library.plan(wanted(embedder=replace(LETTERS, version="2")))
    assert {moment.footage.fingerprint for moment in library.moments()} == {LIGHT.fingerprint}
    generation = library.generation()
    claim = recognised(library, original)
    assert [job.stage for job in claim.jobs] == ["describe", "pictures", "embed"]
    assert library.moments() == []
    assert library.vectors(LETTERS)[0].tolist() == []
    assert library.generation() > generation
    assert [(job.stage, job.path) for job in library.jobs(["queued", "running", "failed"]) if job.stage != "probe"] == [
        (stage, original.path) for stage in ("describe", "pictures", "embed")
    ]
    library.close()


def test_a_proxy_stands_for_itself_again_when_its_original_lies_nowhere(
    library: WritableLibrary, folders: tuple[Path, Path]
) -> None:
    original, proxy = file(folders[0]), file(folders[1])
    indexed(library, original)
    recognised(library, proxy, LIGHT)
    overwritten = file(folders[0], content=b"something else altogether")
    recognised(library, overwritten, replace(FOOTAGE, fingerprint="cafe" * 8, start=StartTimecode()))
    assert places(library) == [[("a.mp4", True, False)], [("a.mp4", True, False)]]
    assert library.footage_of(proxy.path) == LIGHT
    assert library.plan(WANTED) == 1


@pytest.mark.parametrize(
    ("name", "footage"),
    [
        ("b.mp4", LIGHT),
        ("a.mp4", replace(LIGHT, start=replace(LIGHT.start, frame=0))),
        ("a.mp4", replace(LIGHT, start=StartTimecode())),
        ("a.mp4", replace(LIGHT, rate=Fraction(25))),
        ("a.mp4", replace(LIGHT, span=Span(0, 64_000, LIGHT.span.base))),
        ("a.mp4", replace(LIGHT, video=FOOTAGE.video)),
    ],
    ids=["other name", "other start", "no timecode", "other rate", "shorter", "as large"],
)
def test_what_differs_is_footage_of_its_own(
    library: WritableLibrary, folders: tuple[Path, Path], name: str, footage: Footage
) -> None:
    indexed(library, file(folders[0]))
    assert [job.stage for job in recognised(library, file(folders[1], name), footage).jobs] == [
        "describe", "pictures", "embed"
    ]  # fmt: skip
    assert len(library.footage()) == 2


def test_pairing_can_be_switched_off_also_afterwards(library: WritableLibrary, folders: tuple[Path, Path]) -> None:
    indexed(library, file(folders[0]))
    recognised(library, file(folders[1]), LIGHT)
    assert library.plan(wanted(pair_proxies=False)) == 1, "what was a proxy is described like all others"
    assert len(library.footage()) == 2
