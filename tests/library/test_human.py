"""What people say: it stands in the machine's place, keeps every version, and outlives the machine's own words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.errors import WrongUse
from momentidx.events import Event, Layer, Remark
from momentidx.files import SeenFile
from momentidx.library import Captions, Library, WritableLibrary
from momentidx.library.human import Said, Taken
from momentidx.library.said import CaptionVersion, Replaced
from momentidx.times import Span
from tests.library.making import (
    BASE,
    FOOTAGE,
    LETTERS,
    SHOTS,
    TWO,
    carry_out,
    described,
    event,
    file,
    indexed,
    numbered,
    other,
    stage,
    wanted,
)

DOOR, DOG = TWO
NEWER = Layer("shots", "2")


@pytest.fixture
def seen(library: WritableLibrary, tmp_path: Path) -> SeenFile:
    """A file with two events: 1, a door, and 2, a dog."""
    seen = file(tmp_path)
    indexed(library, seen)
    return seen


@pytest.fixture
def captions(folder: Path, seen: SeenFile) -> Captions:  # noqa: ARG001
    return Captions(folder, LETTERS.name)


def shown(library: Library) -> dict[int, str]:
    return {moment.id: moment.event.caption for moment in library.moments()}


def embedded(library: WritableLibrary) -> int:
    """Do what is queued, as the daemon would; how many embeddings that were."""
    count = 0
    while (claim := library.claim(wanted())) is not None:
        count += sum(job.stage == "embed" for job in claim.jobs)
        carry_out(library, claim, wanted(), FOOTAGE, [described()])
    return count


def words(library: Library, token: str) -> list[int]:
    return list(library.word_hits([token]))


def test_an_edited_caption_stands_in_the_machines_place(library: WritableLibrary, captions: Captions) -> None:
    before = library.generation()
    assert captions.edit(1, "A  green\ndoor opens.") == Said(3, 1)
    assert shown(library) == {3: "A green door opens.", 2: DOG.caption}
    (moment,) = library.moments(ids=[3])
    assert (moment.layer, moment.event.span, moment.event.kind) == (Layer("human", "1"), DOOR.span, DOOR.kind)
    assert (words(library, "red"), words(library, "green")) == ([], [3])
    assert library.generation() > before
    assert library.moments(ids=[1]) == []


def test_its_words_are_embedded_anew_and_nothing_else_is(library: WritableLibrary, captions: Captions) -> None:
    captions.edit(1, "A green door opens.")
    assert library.vectors(LETTERS)[0].tolist() == [2]
    assert embedded(library) == 1
    assert library.vectors(LETTERS)[0].tolist() == [2, 3]
    captions.rate(3, 5)
    assert library.unembedded(FOOTAGE.fingerprint, wanted()) == {3: "A green door opens."}
    assert embedded(library) == 1
    assert embedded(library) == 0


def test_every_change_is_a_version_and_no_change_is_none(library: WritableLibrary, captions: Captions) -> None:
    captions.rate(2, 4)
    assert captions.edit(2, "A cat.") == Said(3, 2), "by the number of the machine's event"
    assert captions.label(3, ["Hero", "night"]) == Said(3, 3)
    assert captions.label(3, ["hero"], ["NIGHT"]) == Said(3, 4)
    assert captions.edit(3, "A cat.") == Said(3, 4)
    versions = library.history(2)
    assert versions == library.history(3) == library.captions()
    assert [(each.number, each.caption, each.rating, each.labels) for each in versions] == [
        (1, DOG.caption, 4, ()),
        (2, "A cat.", 4, ()),
        (3, "A cat.", 4, ("Hero", "night")),
        (4, "A cat.", 4, ("Hero",)),
    ]
    assert {each.replaces for each in versions} == {Replaced("shots", DOG.span.start, DOG.span.end)}
    assert library.history(1) == []


def test_what_a_person_takes_back_brings_the_machines_words_to_light(
    library: WritableLibrary, captions: Captions
) -> None:
    captions.edit(1, "A green door opens.")
    captions.remove(1)
    assert shown(library) == {1: DOOR.caption, 2: DOG.caption}
    assert (library.captions(), [each.layer for each in library.footage()[0].layers]) == ([], [SHOTS])
    with pytest.raises(WrongUse, match="Moment 1 is no person's"):
        captions.remove(1)


def halves(start: int, end: int) -> tuple[Event, Event]:
    middle = (start + end) // 2
    return event(start, middle, "The first half."), event(middle, end, "The second half.")


@pytest.mark.parametrize(
    ("newer", "left"),
    [
        (TWO, [DOG.caption]),
        ((event(1024, 60_000, "Shorter."), event(60_000, 129_024, "Longer.")), ["Longer."]),
        ((*halves(1024, 65_024), DOG), [DOG.caption]),
        ((event(1024, 129_024, "All of it."),), ["All of it."]),  # most of it lies elsewhere
        ((event(1024, 65_024, "Shot."), Event(Span(1024, 2000, BASE), "Fade in.", "fade-in")), ["Fade in."]),
    ],
    ids=["the same shots", "another cut", "two halves", "one shot", "another kind"],
)
def test_a_new_version_of_the_machine_does_not_take_it_back(
    library: WritableLibrary, captions: Captions, seen: SeenFile, newer: Sequence[Event], left: list[str]
) -> None:
    captions.edit(1, "A green door opens.")
    indexed(library, seen, FOOTAGE, described(newer, NEWER))
    assert sorted(shown(library).values()) == sorted([*left, "A green door opens."])
    assert len(library.captions()) == 1


def test_another_captioners_events_stay(library: WritableLibrary, captions: Captions, seen: SeenFile) -> None:
    captions.edit(1, "A green door opens.")
    indexed(library, seen, FOOTAGE, described(), described([event(1024, 65_024, "Music.")], Layer("sounds", "1")))
    assert "Music." in shown(library).values()


def test_a_persons_own_moment(library: WritableLibrary, captions: Captions, seen: SeenFile) -> None:
    said = captions.add(FOOTAGE, Span(2000, 3000, BASE), "The bell.", rating=3, labels=["sound"])
    assert said == Said(3, 1)
    (moment,) = library.moments(ids=[3])
    assert moment.event == Event(Span(2000, 3000, BASE), "The bell.", "note")
    assert len(shown(library)) == 3
    indexed(library, seen, FOOTAGE, described(layer=NEWER))
    assert shown(library)[3] == "The bell."
    with pytest.raises(WrongUse, match=r"\[0, 3000\) x 1/12800 s does not lie inside the footage"):
        captions.add(FOOTAGE, Span(0, 3000, BASE), "Before it begins.")


def test_ratings_and_labels_travel_with_the_moment(library: WritableLibrary, captions: Captions) -> None:
    captions.rate(1, 4)
    captions.label(3, ["Hero", "B-roll"])
    human, machine = library.moments(ids=[2, 3])
    assert machine.remark == Remark()
    assert human.remark == Remark(rating=4, labels=("Hero", "B-roll"))


def test_what_makes_no_sense_is_refused(captions: Captions) -> None:
    for change, sentence in (
        (lambda: captions.edit(1, " \n"), "A caption has 1 to 2,000 characters, not 0."),
        (lambda: captions.edit(9, "A door."), "There is no moment 9. 'momentidx find' and 'events' show the numbers."),
        (lambda: captions.rate(1, 6), "A rating is 0 (none) to 5, not 6."),
        (lambda: captions.label(1, ["a; b"]), "A label has 1 to 100 characters and no ';', not 'a; b'."),
    ):
        with pytest.raises(WrongUse) as refused:
            change()
        assert str(refused.value) == sentence
    assert captions.edit(1, "A door.") == Said(3, 1), "nothing was left behind"


def test_an_embedding_in_work_does_not_store_the_vector_of_former_words(
    library: WritableLibrary, captions: Captions, seen: SeenFile
) -> None:
    captions.edit(1, "A green door opens.")
    claim = library.claim(wanted())
    assert claim is not None
    silent = library.unembedded(FOOTAGE.fingerprint, wanted())
    captions.edit(3, "A blue door opens.")
    stored = library.keep_vectors(stage(claim, "embed"), seen.path, LETTERS, list(silent), numbered(list(silent)))
    assert not stored
    assert library.vectors(LETTERS)[0].tolist() == [2]
    assert embedded(library) == 1


def test_versions_that_were_exported_come_back_exactly(
    library: WritableLibrary, captions: Captions, seen: SeenFile, tmp_path: Path
) -> None:
    captions.edit(1, "A green door opens.")
    captions.label(1, ["hero"])
    captions.add(FOOTAGE, Span(2000, 3000, BASE), "The bell.")
    exported = library.captions()
    assert captions.take(exported) == Taken(0, 0, 3, 0)
    with WritableLibrary.open(tmp_path / "second") as second:
        elsewhere = Captions(second.folder, LETTERS.name)
        assert elsewhere.take(exported) == Taken(0, 0, 0, 3), "it does not have the footage yet"
        indexed(second, seen)
        assert elsewhere.take(exported) == Taken(2, 3, 0, 0)
        assert second.captions() == exported
        assert shown(second) == {3: "A green door opens.", 2: DOG.caption, 4: "The bell."}
        assert elsewhere.take(exported) == Taken(0, 0, 3, 0)


def test_a_version_that_was_changed_outside_is_a_new_one(library: WritableLibrary, captions: Captions) -> None:
    captions.edit(1, "A green door opens.")
    captions.edit(1, "A blue door opens.")
    first, second = library.captions()
    changed = replace(second, caption="A door opens, blue.")
    assert captions.take([first, changed]) == Taken(0, 1, 1, 0)
    assert [each.caption for each in library.captions()] == [
        "A green door opens.", "A blue door opens.", "A door opens, blue."
    ]  # fmt: skip
    assert captions.take([first, changed]) == Taken(0, 0, 2, 0)


def test_a_log_sheet_is_taken_once(library: WritableLibrary, captions: Captions) -> None:
    row = CaptionVersion(FOOTAGE.fingerprint, None, 1, library.footage()[0].added_at, DOOR.span, "Take 3, good.", 4)
    assert captions.take([row, row]) == Taken(1, 1, 1, 0)
    assert captions.take([row]) == Taken(0, 0, 1, 0)
    assert [each.caption for each in library.captions()] == ["Take 3, good."]


PEOPLE = """
import sys
from pathlib import Path
from momentidx.library import Captions
for number in range(int(sys.argv[2])):
    Captions(Path(sys.argv[1]), "letters").edit(1, f"Door {number}.")
"""


def test_people_edit_while_a_process_indexes(library: WritableLibrary, captions: Captions, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PEOPLE, str(captions.folder), "20"]
    person = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    number = 0
    while person.poll() is None or number < 5:
        number += 1
        indexed(library, file(tmp_path, f"{number}.mp4", b"%d" % number), other(f"{number:032x}"))
    assert person.returncode == 0
    assert [each.caption for each in library.captions()] == [f"Door {number}." for number in range(20)]
    embedded(library)
    assert len(library.vectors(LETTERS)[0]) == len(shown(library)) == 2 + 2 * number
    assert [found for found in library.examine() if found.broken] == []
