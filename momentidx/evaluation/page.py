"""The report as one page that needs nothing else: figures, curves as inline SVG, the worst cases with pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from momentidx.evaluation.answers import RANKED
from momentidx.evaluation.benchmarks.values import Curve, Outcome, Row
from momentidx.evaluation.reading import Span

WIDTH, HEIGHT, MARGIN = 420, 260, 40
DASHES = ("", "7 4", "2 3")
STYLE = """
:root { color-scheme: light dark; --truth: #2a7d4f; --answer: #c2571a; --third: #5b6bbf; --faint: #8888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; } th, td { padding: .15rem .8rem .15rem 0; text-align: left; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr + tr td { border-top: 1px solid var(--faint); }
.curves, .cases { display: flex; flex-wrap: wrap; gap: 1.5rem; }
.case { width: 21rem; } .case p { margin: .2rem 0; } figure { margin: 0; }
.pictures { display: flex; gap: .5rem; } .pictures figure { flex: 1; }
.pictures img { width: 100%; border-radius: 4px; }
figcaption, .faint { font-size: .85em; opacity: .75; }
svg text { font: 11px system-ui, sans-serif; fill: currentColor; } svg { max-width: 100%; height: auto; }
.axis { stroke: currentColor; opacity: .35; } .line { fill: none; stroke-width: 2; }
.truth { color: var(--truth); } .answer { color: var(--answer); }
"""
COLOURS = ("var(--answer)", "var(--faint)", "var(--third)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and what it shows."""

    jpeg: bytes
    caption: str


def page(report: Mapping[str, Any], outcome: Outcome, worst: Sequence[tuple[Row, Sequence[Picture]]]) -> str:
    """HTML; `report` is what `report.report` gives, `worst` the rows to show with their pictures."""
    title = f"{report['benchmark']} · {report['captioner']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(report['how'])} {report['queries']} queries about {report['videos']} videos.</p>",
        *_warnings(report),
        "<h2>Figures</h2>",
        _figures(outcome.figures, outcome.whole_video),
        "<h2>Curves</h2>",
        f'<div class="curves">{"".join(map(chart, outcome.curves))}</div>',
        f"<h2>The {len(worst)} worst cases</h2>" if len(worst) > 1 else "<h2>The worst case</h2>",
        '<p><span class="truth">Green: what people marked.</span> '
        '<span class="answer">Orange: what was answered.</span></p>',
        f'<div class="cases">{"".join(_case(row, pictures) for row, pictures in worst)}</div>',
        "<h2>Every query</h2>",
        _rows(outcome.rows),
        "<h2>Made with</h2>",
        _settings(report),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n{chr(10).join(parts)}\n</body></html>\n"
    )


def _warnings(report: Mapping[str, Any]) -> Iterable[str]:
    if report["missing_videos"]:
        names = ", ".join(map(escape, report["missing_videos"]))
        yield (
            f"<details><summary>{len(report['missing_videos'])} videos were not found; their queries are left out."
            f"</summary><p>{names}</p></details>"
        )
    if report["problems"]:
        yield f"<p>{report['problems']} queries could not be answered and count 0.</p>"
    if report["put_off"]:
        yield f"<p>{len(report['put_off'])} queries were put off: {escape(report['put_off'][0])}</p>"


def _figures(figures: Mapping[str, float], whole: Mapping[str, float]) -> str:
    heading = '<tr><th></th><th class="n">answered</th>' + ('<th class="n">whole video</th>' if whole else "") + "</tr>"
    rows = [
        f'<tr><td>{escape(name)}</td><td class="n">{value:g}</td>'
        + (f'<td class="n">{whole[name]:g}</td>' if name in whole else "<td></td>" if whole else "")
        + "</tr>"
        for name, value in figures.items()
    ]
    return f"<table>{heading}{''.join(rows)}</table>"


def chart(curve: Curve) -> str:
    """Lines over x, which starts at 0; y from 0 to 1."""
    most = max(x for points in curve.lines.values() for x, _ in points)
    right, bottom = WIDTH - MARGIN / 2, HEIGHT - MARGIN

    def at(x: float, y: float) -> str:
        return f"{MARGIN + x / most * (right - MARGIN):.1f},{bottom - y * (bottom - MARGIN / 2):.1f}"

    drawn = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        (x, _), (_, y) = at(tick * most, 0).split(","), at(0, tick).split(",")
        drawn.append(f'<path class="axis" d="M{MARGIN},{y}H{right}"/>')
        drawn.append(f'<text x="{MARGIN - 6}" y="{float(y) + 4}" text-anchor="end">{tick:g}</text>')
        drawn.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle">{tick * most:g}</text>')
    for place, (name, points) in enumerate(curve.lines.items()):
        colour, dash = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        line = "M" + "L".join(at(x, y) for x, y in points)
        drawn.append(f'<path class="line" d="{line}" stroke="{colour}" stroke-dasharray="{dash}"/>')
        left = MARGIN + place * 130
        drawn.append(f'<path class="line" d="M{left},{HEIGHT - 6}h18" stroke="{colour}" stroke-dasharray="{dash}"/>')
        drawn.append(f'<text x="{left + 23}" y="{HEIGHT - 2}">{escape(name)}</text>')
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{escape(curve.title)}">'
        f"{''.join(drawn)}</svg><figcaption>{escape(curve.title)}. Across: {escape(curve.x)}; up: {escape(curve.y)}."
        "</figcaption></figure>"
    )


def _case(row: Row, pictures: Sequence[Picture]) -> str:
    query, said = row.query, row.said
    shown = "".join(
        f'<figure><img alt="{escape(picture.caption)}" '
        f'src="data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        for picture in pictures
    )
    return (
        f'<div class="case"><p><b>{escape(query.words or query.video)}</b></p>'
        f'<p class="faint">{escape(query.video)}, score {row.score:.2f}</p>'
        f"{_bars(row)}<div class=pictures>{shown}</div>"
        + "".join(f"<p>{escape(text)}</p>" for text in (query.question, said.text, said.problem) if text)
        + ("<p>The first answer is a moment of another file.</p>" if said.spans[:1] == (None,) else "")
        + _sentences(row.facts.get("sentences", ()), "truth")
        + _sentences(row.facts.get("captions", ()), "answer")
        + "</div>"
    )


def _sentences(sentences: Sequence[str], kind: str) -> str:
    """The first five, for a benchmark that compares descriptions."""
    return f'<p class="{kind}">{escape(" · ".join(sentences[:5]))}</p>' if sentences else ""


def _bars(row: Row) -> str:
    """What was marked and answered over the length of the video; of ranked answers five, the first one strong."""
    duration, ranked = row.said.duration, bool(row.query.words)
    if not duration:
        return ""
    here = row.said.here[: RANKED if ranked else None]

    def bar(span: Span, top: int, colour: str, opacity: float) -> str:
        start, length = span[0] / duration * 320, (span[1] - span[0]) / duration * 320
        return (
            f'<rect x="{start:.1f}" y="{top}" width="{max(length, 1):.1f}" height="9" fill="{colour}" '
            f'opacity="{opacity:g}"/>'
        )

    bars = [bar(span, 2, "var(--truth)", 1) for span in row.query.truth]
    bars += [bar(span, 15, "var(--answer)", 0.35 if place and ranked else 1) for place, span in enumerate(here)]
    label = f"{_told(row.query.truth)} marked, {_told(here)} answered"
    return (
        f'<svg viewBox="0 0 320 40" width="320" role="img" aria-label="{label}">'
        f'<rect width="320" height="26" fill="var(--faint)" opacity=".25"/>{"".join(bars)}'
        f'<text x="0" y="38">0</text><text x="320" y="38" text-anchor="end">{duration:.1f} s</text></svg>'
    )


def _told(spans: Sequence[Span | None]) -> str:
    """Spans in words: `1.5-4.0 s`, the first five."""
    said = [f"{span[0]:.1f}-{span[1]:.1f} s" if span else "another file" for span in spans[:5]]
    return ", ".join(said) + (" ..." if len(spans) > 5 else "") or "nothing"


def _rows(rows: Sequence[Row]) -> str:
    lines = [
        f"<tr><td>{escape(row.query.video)}</td><td>{escape(row.query.words or row.query.question)}</td>"
        f"<td>{_told(row.query.truth)}</td><td>{_told(row.said.spans)}</td>"
        f'<td class="n">{row.score:.2f}</td></tr>'
        for row in rows
    ]
    heading = '<tr><th>video</th><th>asked</th><th>marked</th><th>answered</th><th class="n">score</th></tr>'
    return f"<details><summary>{len(rows)} rows</summary><table>{heading}{''.join(lines)}</table></details>"


def _settings(report: Mapping[str, Any]) -> str:
    names = ("summary", "source", "captioner_version", "annotations", "momentidx", "seconds")
    rows = [f"<tr><td>{name.replace('_', ' ')}</td><td>{escape(str(report[name]))}</td></tr>" for name in names]
    return f"<table>{''.join(rows)}</table>"
