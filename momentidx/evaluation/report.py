"""What a run found, as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from momentidx.evaluation.benchmarks.values import Outcome, Row
from momentidx.evaluation.running import Run, Settings


def report(settings: Settings, how: str, run: Run, outcome: Outcome) -> dict[str, Any]:
    """Figures in per cent where their module says so; times of rows in seconds."""
    return {
        **settings,
        "how": how,
        "queries": len(run.answered),
        "videos": len({query.video for query, _ in run.answered}),
        "problems": sum(bool(said.problem) for _, said in run.answered),
        "put_off": run.passing,
        "missing_videos": run.missing,
        "seconds": round(sum(said.took for _, said in run.answered), 3),
        "figures": outcome.figures,
        "whole_video": outcome.whole_video,
        "curves": [asdict(curve) for curve in outcome.curves],
        "rows": [_row(row) for row in outcome.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    query, said = row.query, row.said
    told = {"words": query.words, "question": query.question, "problem": said.problem, "text": said.text}
    return {
        "query": query.id,
        "video": query.video,
        **{name: value for name, value in told.items() if value},
        "score": round(row.score, 4),
        "truth": [list(span) for span in query.truth],
        "answer": [None if span is None else list(span) for span in said.spans],
        "duration": said.duration,
        "seconds": said.took,
        **row.facts,
    }


def worst(outcome: Outcome, count: int) -> list[Row]:
    """The rows with the lowest scores, worst first; of equals, the first asked."""
    return sorted(outcome.rows, key=lambda row: row.score)[:count]
