"""The eight tasks of Moment-10M as templates over the matrix; no language model is needed.

Each yields drafts with a score from 0 to 1; `sifted` keeps those that are good enough and counts the others. A stretch
is only asked for by what is true of it alone: a question with two right answers teaches nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from momentidx.footage import Footage
from momentidx.times import Span
from momentidx.training.engine.matrix import Column, Doing, Matrix

CAPTION, QA, INSTANCE_QA, LOCATE = "segment_caption_data", "qa_data", "instance_qa_data", "segment_locate_data"
INFER, COMPOSED = "hypo_scene_data", "comp_ret_data"
SUMMARY, CROSS_QA = "instance_caption_data", "cross_segment_qa_data"
TASKS: Mapping[str, str] = {
    CAPTION: "segment captioning",
    QA: "segment question answering",
    INSTANCE_QA: "instance question answering",
    LOCATE: "direct segment localisation",
    INFER: "inferential segment localisation",
    COMPOSED: "composed segment retrieval",
    SUMMARY: "instance activity summarising",
    CROSS_QA: "cross-segment question answering",
}
"""By Moment-10M's name for the kind of record."""
LEAST: Mapping[str, float] = {
    CAPTION: 0.5, QA: 0.25, INSTANCE_QA: 0.25, LOCATE: 0.5, INFER: 0.25, COMPOSED: 0.25, SUMMARY: 0.25, CROSS_QA: 0.25,
}  # fmt: skip
"""Scores below are not kept. Ours: Moment-10M's own thresholds are for similarities of its networks."""
TIMES = ("moment", "SOURCE_CLIP")

ASKED: Mapping[str, tuple[str, ...]] = {
    CAPTION: ("What is shown from {moment}?", "Describe the part from {moment}.", "Say what {moment} shows."),
    QA: ("What can be followed through {moment}, and what does it do?", "Who or what acts from {moment}, and how?"),
    INSTANCE_QA: (
        "What does the thing at {click_position} do?",
        "Follow what is at {click_position}. What does it do?",
    ),
    LOCATE: ('Which part shows this: "{content}"?', 'When can this be seen: "{content}"?'),
    INFER: (
        "An editor needs a shot in which {content}. Which part of the footage would serve?",
        "Suppose a story says that {content}. Which part could be cut in?",
    ),
    COMPOSED: (
        "{SOURCE_CLIP} shows {instance_class}. Find the part in which it {content} instead.",
        "Like {SOURCE_CLIP}, but {instance_class} {content}: which part is that?",
    ),
    SUMMARY: ("What does {instance_class} do in the whole footage?", "Sum up what becomes of {instance_class}."),
    CROSS_QA: (
        "How do {moment} differ in what {instance_class} does?",
        "Compare what {instance_class} does in {moment}.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A question and its answer; names in braces stand for `variables`."""

    task: str
    variables: Mapping[str, Any]
    """As Moment-10M has them, but with spans and timestamps (pts) for times."""
    answer: str
    score: float
    problem: str = ""
    """Why it cannot be used; empty when it can."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A draft in words; names in braces as in the draft."""

    asked: str
    answered: str


def drafts(known: Matrix) -> Iterator[Draft]:
    """Everything that could be asked, task by task."""
    for column in known.columns:
        yield from _of_segment(column, known)
    for row in range(len(known.instances)):
        yield from _of_instance(row, known)


def _of_segment(column: Column, known: Matrix) -> Iterator[Draft]:
    moment: dict[str, Any] = {"moment": column.span}
    said = column.caption or ""
    silent = "" if said else "nothing is said of it"
    again = sum(other.caption == said for other in known.columns) > 1
    yield Draft(CAPTION, moment, said, column.match, silent)
    told = {**moment, "content": said.rstrip(". ")}
    yield Draft(LOCATE, told, "From {moment}.", column.match, silent or _if(again, "true of several events"))
    there = [(row, doing) for row, doing in enumerate(column.doing) if doing]
    acts = [f"{known.instances[row].name} {doing.does}" for row, doing in there]
    least = min((doing.seen for _, doing in there), default=0.0)
    yield Draft(QA, moment, _sentence("; ".join(acts)), least, _if(not acts, "nothing was followed"))
    for row, doing in there:
        name = known.instances[row].name
        click = {**moment, "click_position": (doing.pts, doing.centre), "instance_class": name}
        yield Draft(INSTANCE_QA, click, _sentence(f"{name} {doing.does}"), doing.seen)
        content = {**moment, "content": f"{name} {doing.does}", "instance_class": name}
        problem = _problem(row, doing, known)
        yield Draft(INFER, content, "The part from {moment} shows it.", doing.seen, problem)


def _of_instance(row: int, known: Matrix) -> Iterator[Draft]:
    name = known.instances[row].name
    there = [(column.span, doing) for column in known.columns if (doing := column.doing[row])]
    if len(there) < 2:
        return
    shared = _if(_shares_name(row, known), "two things have this name")
    acts = ", then ".join(doing.does for _, doing in there)
    least = min(doing.seen for _, doing in there)
    several: dict[str, Any] = {"moment": [span for span, _ in there], "instance_class": name}
    yield Draft(SUMMARY, several, _sentence(f"{name} {acts}: {{moment}}"), least, shared)
    for (before, one), (after, other) in pairwise(there):
        pair = {"moment": [before, after], "instance_class": name}
        said = f"at first {name} {one.does}, later it {other.does}"
        same = f"{name} {one.does} in both"
        score = min(one.seen, other.seen)
        yield Draft(CROSS_QA, pair, _sentence(same if one.does == other.does else said), score, shared)
    for source, one in there:
        for target, other in there:
            if one.does != other.does:
                told = {"SOURCE_CLIP": source, "moment": target, "instance_class": name, "content": other.does}
                problem = _problem(row, other, known)
                yield Draft(COMPOSED, told, "From {moment}.", min(one.seen, other.seen), problem)


def sifted(found: Iterator[Draft], least: Mapping[str, float]) -> tuple[list[Draft], Counter[tuple[str, str]]]:
    """What is good enough, and how many of each task were rejected for which reason."""
    kept: list[Draft] = []
    rejected: Counter[tuple[str, str]] = Counter()
    for draft in found:
        if draft.problem:
            rejected[draft.task, draft.problem] += 1
        elif draft.score < least[draft.task]:
            rejected[draft.task, f"scores below {least[draft.task]:g}"] += 1
        else:
            kept.append(draft)
    return kept, rejected


def record(draft: Draft, said: Spoken, number: int, footage: Footage) -> dict[str, Any]:
    """The draft as Moment-10M writes one, times in seconds since the first picture."""
    variables = {name: _plain(value, footage) for name, value in draft.variables.items()}
    return {
        "id": number,
        "data_type": draft.task,
        "variables": variables,
        "conversations": [{"User": said.asked, "Assistant": said.answered}],
        "match_score": round(draft.score, 3),
    }


def seconds(pts: int, footage: Footage) -> float:
    """Since the first picture, to the microsecond."""
    return round(float(footage.seconds(pts)), 6)


def _plain(value: Any, footage: Footage) -> Any:
    match value:
        case Span():
            return [seconds(value.start, footage), seconds(value.end, footage)]
        case list():
            return [_plain(each, footage) for each in value]
        case (int() as pts, (float() as x, float() as y)):
            return [seconds(pts, footage), [x, y]]
    return value


def _problem(row: int, doing: Doing, known: Matrix) -> str:
    """Why an instance and what it does cannot be asked for."""
    if _shares_name(row, known):
        return "two things have this name"
    again = sum(column.doing[row] is not None and column.doing[row].does == doing.does for column in known.columns)  # type: ignore[union-attr]
    return _if(again > 1, "true of several events")


def _shares_name(row: int, known: Matrix) -> bool:
    return sum(one.name == known.instances[row].name for one in known.instances) > 1


def _if(true: bool, problem: str) -> str:
    return problem if true else ""


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
