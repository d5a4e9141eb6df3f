"""Answers as JSON, exact both ways: how a process that has the library open tells another what it found."""

from __future__ import annotations

import os
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from momentidx.events import Event, Layer, Moment
from momentidx.footage import Footage
from momentidx.search.asking import Answers, Sort, Wish
from momentidx.times import Span


def wish_to_json(wish: Wish) -> dict[str, Any]:
    """Of a wish without an example."""
    return {name: value for name, value in asdict(wish).items() if name != "like"}


def wish_from_json(told: dict[str, Any]) -> Wish:
    """The inverse of `wish_to_json`; raises TypeError, ValueError or KeyError for anything else."""
    return Wish(**{**told, "sort": Sort(told["sort"])})


def answers_to_json(answers: Answers) -> dict[str, Any]:
    """All but how the words were read and what the scores are made of. A footage is told once."""
    footage = {moment.footage.fingerprint: moment.footage.to_json() for moment in answers.moments}
    return {
        "moments": [_moment_to_json(moment) for moment in answers.moments],
        "footage": footage,
        "more": answers.more,
        "best": answers.best,
        "confidence": answers.confidence,
        "doubtful": answers.doubtful,
        "notes": list(answers.notes),
    }


def answers_from_json(told: dict[str, Any]) -> Answers:
    """The inverse of `answers_to_json`; raises TypeError, ValueError or KeyError for anything else."""
    footage = {name: Footage.from_json(facts) for name, facts in told["footage"].items()}
    moments = [_moment_from_json(moment, footage) for moment in told["moments"]]
    return Answers(
        moments, None, told["more"], told["best"], told["confidence"], told["doubtful"], notes=tuple(told["notes"])
    )  # fmt: skip


def _moment_to_json(moment: Moment) -> dict[str, Any]:
    event = moment.event
    return {
        "id": moment.id,
        "span": [event.span.start, event.span.end, str(event.span.base)],
        "caption": event.caption,
        "kind": event.kind,
        "edge": str(event.edge),
        "measures": dict(event.measures),
        "layer": [moment.layer.captioner, moment.layer.version],
        "footage": moment.footage.fingerprint,
        "path": os.fsdecode(moment.path),
        "online": moment.online,
        "score": moment.score,
        "parts": [_moment_to_json(part) for part in moment.parts],
    }


def _moment_from_json(told: dict[str, Any], footage: dict[str, Footage]) -> Moment:
    start, end, base = told["span"]
    span = Span(start, end, Fraction(base))
    return Moment(
        told["id"],
        Event(span, told["caption"], told["kind"], Fraction(told["edge"]), told["measures"]),
        Layer(*told["layer"]),
        footage[told["footage"]],
        Path(told["path"]),
        told["online"],
        told["score"],
        tuple(_moment_from_json(part, footage) for part in told["parts"]),
    )
