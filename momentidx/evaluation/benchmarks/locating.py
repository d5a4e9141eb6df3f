"""When is it? Sentences whose stretch of the video is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from momentidx.evaluation import didemo, hirest, qvhighlights
from momentidx.evaluation.answers import LEVELS, RANKED, rates
from momentidx.evaluation.benchmarks.values import Alike, Answered, Files, Outcome, Query, Row, Said, share_curve
from momentidx.evaluation.charades import read_charades
from momentidx.evaluation.dense import read_reference
from momentidx.evaluation.reading import Span, length, name, read_lines, read_object, record, spans, text, texts
from momentidx.evaluation.retrieval import tiou_of_hull


def overlap(span: Span | None, truths: Sequence[Span]) -> float:
    """tIoU with the truth that it fits best."""
    if span is None or not truths:
        return 0.0
    return float(tiou_of_hull(np.array(span), np.array(truths)).max())


def count(answered: Answered, _: Alike, levels: Sequence[float] = LEVELS) -> Outcome:
    """R@1 and mIoU of the first stretch of each answer; R@5 where there are several."""
    overlaps = [[overlap(span, query.truth) for span in said.spans] or [0.0] for query, said in answered]
    whole = [overlap((0.0, said.duration), query.truth) for query, said in answered]
    rows = [Row(query, said, each[0]) for (query, said), each in zip(answered, overlaps, strict=True)]
    lines = {"first answer": [each[0] for each in overlaps], "whole video": whole}
    if any(len(each) > 1 for each in overlaps):
        lines["best of five"] = [max(each[:RANKED]) for each in overlaps]
    return Outcome(
        rates(overlaps, levels), rows, [share_curve(lines, "tIoU")], rates([[each] for each in whole], levels)
    )


def charades(files: Files) -> list[Query]:
    return [
        Query(f"{each.video} {each.place}", each.video, (each.span,), each.text)
        for each in read_charades(files.annotations[0])
    ]


def densevid(files: Files) -> list[Query]:
    return [
        Query(f"{video} {place}", video, (told.span,), told.sentence.strip())
        for video, events in read_reference(files.annotations[0]).items()
        for place, told in enumerate(events)
    ]


def timelens(files: Files) -> list[Query]:
    """`{"video": {"duration": 9, "spans": [[0, 4]], "queries": ["..."]}}`"""
    path = files.annotations[0]
    found = []
    for video, content in record(path, "the document", read_object(path)).content.items():
        row = record(path, f"'{video}'", content)
        row.take("duration", length)
        times, sentences = row.take("spans", spans), row.take("queries", texts)
        if len(times) != len(sentences):
            raise row.wrong("spans", f"has {len(times)} entries, 'queries' {len(sentences)}")
        found += [
            Query(f"{video} {place}", video, (span,), sentence.strip())
            for place, (span, sentence) in enumerate(zip(times, sentences, strict=True))
        ]
    return found


def hirest_stretches(files: Files) -> list[Query]:
    return [
        Query(f"{video.query} | {video.name}", video.name, (video.bounds,), video.query)
        for video in hirest.read_hirest(files.annotations[0])
        if video.bounds is not None
    ]


def count_hirest(answered: Answered, alike: Alike) -> Outcome:
    return count(answered, alike, hirest.THRESHOLDS)


def didemo_segments(files: Files) -> list[Query]:
    return [
        Query(str(each.number), each.video, tuple(map(_seconds, dict.fromkeys(each.times))), each.text, told=each)
        for each in didemo.read_didemo(files.annotations[0])
    ]


def _seconds(segments: didemo.Segments) -> Span:
    first, last = segments
    return float(first * didemo.SEGMENT_SECONDS), float((last + 1) * didemo.SEGMENT_SECONDS)


def _segments(span: Span, segments: int) -> didemo.Segments:
    """The segments that a stretch touches."""
    last = min(max(ceil(span[1] / didemo.SEGMENT_SECONDS) - 1, 0), segments - 1)
    return min(max(int(span[0] // didemo.SEGMENT_SECONDS), 0), last), last


def count_didemo(answered: Answered, _: Alike) -> Outcome:
    """Of the 5 s segments that the stretches touch."""
    ranked = {
        query.told.number: list(dict.fromkeys(_segments(span, query.told.segments) for span in said.here))
        for query, said in answered
    }
    whole = {query.told.number: [(0, query.told.segments - 1)] for query, _ in answered}
    sentences = [query.told for query, _ in answered]
    scores = [didemo.overlap(each, ranked[each.number]) for each in sentences]
    rows = [Row(query, said, score) for (query, said), score in zip(answered, scores, strict=True)]
    lines = {"first answer": scores, "whole video": [didemo.overlap(each, whole[each.number]) for each in sentences]}
    return Outcome(
        didemo.figures(sentences, ranked), rows, [share_curve(lines, "IoU of segments, mean of three people")],
        didemo.figures(sentences, whole),
    )  # fmt: skip


def qvhighlights_windows(files: Files) -> list[Query]:
    """The lines with windows; the test split has none."""
    path = files.annotations[0]
    truths = qvhighlights.read_truths(path)
    return [
        Query(qid, row.take("vid", name), truths[qid].windows, row.take("query", text).strip(), told=truths[qid])
        for row in read_lines(path)
        if truths[qid := row.take("qid", name)].windows
    ]


def count_qvhighlights(answered: Answered, alike: Alike) -> Outcome:
    """Windows in the order in which they were said; saliency is not asked for."""
    of_first = count(answered, alike)
    whole = [(query, replace(said, spans=((0.0, said.duration),))) for query, said in answered]
    return replace(of_first, figures=_moments(answered), whole_video=_moments(whole))


def _moments(answered: Answered) -> dict[str, float]:
    truths = {query.id: query.told for query, _ in answered}
    found = qvhighlights.moment_figures(truths, {query.id: _windows(said) for query, said in answered})
    wanted = ("R1@0.5", "R1@0.7", "mAP@0.5", "mAP@0.75", "mAP")
    kinds = [("full", wanted), *((kind, ("mAP",)) for kind in qvhighlights.LENGTHS if kind != "full")]
    return {key: found[key] for kind, each in kinds for figure in each if (key := f"MR-{kind}-{figure}") in found}


def _windows(said: Said) -> qvhighlights.Answer:
    return qvhighlights.Answer(tuple((*span, -float(place)) for place, span in enumerate(said.here)), ())
