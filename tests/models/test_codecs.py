"""Every time codec keeps the same promises; and each says its times as its paper does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentidx.models.codecs.anchors import Anchors
from momentidx.models.codecs.grid_tokens import GridTokens, flagged
from momentidx.models.codecs.percent_text import PercentText, Said, read_dense
from momentidx.models.codecs.protocol import Reading, Status, TimeCodec
from momentidx.models.codecs.seconds_text import SecondsText
from momentidx.models.momentor_records import Turns, turns

CODECS = [PercentText(), Anchors(), GridTokens(), SecondsText()]
SPOKEN = {"Anchors": lambda codec, t, d: f"<TEMP-{t / d * (codec.count - 1):.6f}>"}
each_codec = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)


def said(codec: TimeCodec, seconds: float, duration: float) -> str:
    """As a model says it: anchors are spoken by the network, not written by the codec."""
    speaker = SPOKEN.get(type(codec).__name__)
    return speaker(codec, seconds, duration) if speaker else codec.encode(seconds, duration)


@each_codec
def test_a_codec_has_the_whole_interface(codec: TimeCodec) -> None:
    assert isinstance(codec, TimeCodec)
    assert len(set(codec.vocabulary)) == len(codec.vocabulary)
    assert codec.target(1.0, 10.0).text == codec.encode(1.0, 10.0) or isinstance(codec, Anchors)


@each_codec
@given(duration=st.floats(1, 7200), start=st.floats(0, 1), end=st.floats(0, 1))
def test_what_is_said_is_read_within_the_resolution(
    codec: TimeCodec, duration: float, start: float, end: float
) -> None:
    first, second = sorted((start * duration, end * duration))
    reading = codec.decode(f"From {said(codec, first, duration)} to {said(codec, second, duration)}.", duration)
    assert reading.status == Status.READ
    assert reading.spans[0] == pytest.approx((first, second), abs=codec.resolution(duration) * 1.000001)


@each_codec
@settings(max_examples=200, deadline=None)
@given(
    duration=st.floats(0.04, 86400),
    answer=st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(["from ", " to ", " and ", "-", "<", "<TEMP-", "12", "99", "100", "999999999999", "\0"]),
            st.sampled_from(["<300>", "<301>", "<TEMP-299>", "<TEMP-1.5>", "01:02", "1:02:03.5", "7.5 seconds", "\n"]),
        ),
        max_size=14,
    ).map("".join),
)
def test_no_answer_gives_a_time_outside_the_clip(codec: TimeCodec, duration: float, answer: str) -> None:
    reading = codec.decode(answer, duration)
    assert all(0 <= start <= end <= duration for start, end in reading.spans)
    assert (reading.status == Status.UNREADABLE) == (not reading.spans)


@each_codec
def test_an_answer_without_times_says_so(codec: TimeCodec) -> None:
    reading = codec.decode("A dog runs.", 30.0)
    assert reading == Reading((), Status.UNREADABLE, ("no pair of times in the answer",))


NO_PAIR, ODD = "no pair of times in the answer", "a time without its partner"
PAST, OUTSIDE = "<TEMP-4> is past the last anchor", "5 to 70 s does not lie in the clip of 30 s"


@pytest.mark.parametrize(
    ("codec", "answer", "spans", "status", "problems"),
    [
        (PercentText(), "From 60 to 40.", [(12.0, 18.0)], Status.READ, ["18 to 12 s is the wrong way round"]),
        (PercentText(), "5-17", [(1.5, 5.1)], Status.READ, []),
        (PercentText(), "300 to 400, 10 to 20", [(3.0, 6.0)], Status.PARTLY, ["300 to 400 is not a pair of per cents"]),
        (GridTokens(), "From <150> to <301>.", [], Status.UNREADABLE, ["<301> is past the grid", ODD, NO_PAIR]),
        (GridTokens(), "<30> <60> <90>", [(3.0, 6.0)], Status.PARTLY, [ODD]),
        (Anchors(4), "<TEMP-0> <TEMP-1.5> <TEMP-4>", [(0.0, 15.0)], Status.PARTLY, [PAST]),
        (SecondsText(), "from 00:05 to 1:10", [(5.0, 30.0)], Status.READ, [OUTSIDE]),
        (SecondsText(), "The event happens in 2.5 - 7 seconds", [(2.5, 7.0)], Status.READ, []),
        (SecondsText(), "it starts at 3 s; it ends at 9 s", [(3.0, 9.0)], Status.READ, []),
        (SecondsText(), "1, 2 or 3", [], Status.UNREADABLE, [NO_PAIR]),
    ],
)  # fmt: skip
def test_what_is_odd_is_told(
    codec: TimeCodec, answer: str, spans: list[tuple[float, float]], status: Status, problems: list[str]
) -> None:
    assert codec.decode(answer, 30.0) == Reading(tuple(spans), status, tuple(problems))


@pytest.mark.parametrize(("seconds", "text"), [(0, "00"), (9.4, "17"), (49.4, "91"), (53.2, "98"), (-3, "00")])
def test_percent_text_says_what_its_authors_document(seconds: float, text: str) -> None:
    assert PercentText().encode(seconds, 54.2) == text


def test_a_time_on_an_anchor_has_the_whole_mass_unless_the_published_code_is_asked_for() -> None:
    assert Anchors(5).soft(0.5) == ((2, 1.0),)
    assert Anchors(5, "official").soft(0.5) == ((2, 0.0),)
    assert Anchors(5).soft(0.625) == Anchors(5, "official").soft(0.625) == ((2, 0.5), (3, 0.5))


def test_anchors_are_spoken_between_the_likeliest_and_its_neighbours() -> None:
    assert Anchors(4).spoken([0.0, 0.1, 0.6, 0.3]) == pytest.approx(2.2)
    assert Anchors(4).spoken([0.9, 0.0, 0.0, 0.1]) == 0.0
    assert Anchors(4).spoken([0.0, 0.0, 0.0, 0.0]) == 0.0


def test_grid_tokens_round_and_understand_decimals_unless_the_published_code_is_asked_for() -> None:
    assert (GridTokens().encode(0.0999, 30.0), GridTokens(compat="official").encode(0.0999, 30.0)) == ("<1>", "<0>")
    asked = "At 12.5 seconds, or 99 s?"
    assert GridTokens().question(asked, 50.0) == "At <75>, or <300>?"
    assert GridTokens(compat="official").question(asked, 50.0) == "At 12.<30>, or 99 s?"
    assert GridTokens().spelled("From <3> to <999>.", 30.0) == "From 0.30 seconds to <999>."


def test_the_flag_goes_before_a_question_whose_answer_has_a_time() -> None:
    assert flagged("<image>\nWhen?", "At <4.5>.") == "<image> <timestamp_grounding>\nWhen?"
    assert flagged("When?", "At <4>.") == "<timestamp_grounding>\nWhen?"
    assert flagged("What?", "A dog.") == "What?"


def test_a_dense_answer_is_read_on_several_lines_and_past_a_bad_entry() -> None:
    answer = """Here it is: [
        {"event": "a dog runs", "timestamps": "from 5 to 20"}, {"event": "no time"},
        {"event": "it sleeps", "timestamps": "from 90 to 40"}, {"event": "past", "timestamps": "100 to 120"}]"""
    said, problems = read_dense(answer)
    assert said == [Said("a dog runs", 5, 20), Said("it sleeps", 40, 90)]
    assert len(problems) == 2
    assert said[0].seconds(60.0) == (3.0, 12.6)
    assert read_dense(answer, "official") == ([], ["no list in the answer"])
    assert read_dense("[" * 5000 + "]") == ([], ["the list is not JSON"])


def test_a_record_s_times_follow_its_text_unless_the_published_code_is_asked_for() -> None:
    record = {
        "moment": [5.0, 20.0], "SOURCE_CLIP": [[1.0, 2.0], [3.0, 4.0]], "click_position": [7.5, [0.25, 0.75]],
        "conversations": [{"User": "In {moment}, unlike {SOURCE_CLIP}?", "Assistant": "No, {moment} and {moment}."}],
    }  # fmt: skip
    made = turns(record, 50.0, patches=2)
    span = "<TEMP-OUTPUT> to <TEMP-OUTPUT>"
    assert made == Turns(
        (("<vid_start><vid_patch><vid_patch><vid_end>\nIn <TEMP-INPUT> to <TEMP-INPUT>, "
          "unlike <TEMP-INPUT> to <TEMP-INPUT> and <TEMP-INPUT> to <TEMP-INPUT>?", f"No, {span} and {span}."),),
        (0.1, 0.4, 0.02, 0.04, 0.06, 0.08), (0.1, 0.4, 0.1, 0.4),
    )  # fmt: skip
    assert turns(record, 50.0, 2, "official").inputs == (0.02, 0.04, 0.06, 0.08, 0.1, 0.4)
    assert turns(record, 50.0, 2, "official").outputs == (0.1, 0.4)
