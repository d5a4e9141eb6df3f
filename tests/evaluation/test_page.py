"""The page: everything inside, nothing foreign unescaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from momentidx.evaluation.benchmarks.values import Curve, Outcome, Query, Row, Said
from momentidx.evaluation.page import Picture, chart, page
from momentidx.evaluation.report import report, worst
from momentidx.evaluation.running import Run

HOSTILE = '<script src="https://example.org/x.js"></script>'
SETTINGS = {
    "benchmark": "mine", "captioner": HOSTILE, "captioner_version": "1", "annotations": {"queries.csv": "ab"},
    "momentidx": "0.1.0", "summary": "own", "source": "yours",
}  # fmt: skip


def row(name: str, score: float, *spans: tuple[float, float] | None) -> Row:
    return Row(Query(name, f"{name}.mov", ((1.0, 2.0),), f"{HOSTILE} {name}"), Said(name, 8.0, spans), score)


def rendered() -> str:
    rows = [row("good", 1.0, (1, 2)), row("bad", 0.0, None, (4, 6), (7, 8)), row("none", 0.0)]
    curve = Curve(HOSTILE, "tIoU", "share", {"first answer": [(0.5, 1.0), (1.0, 0.0)]})
    outcome = Outcome({"R@1 0.5": 33.33}, rows, [curve], {"R@1 0.5": 0.0})
    done = Run([(each.query, each.said) for each in rows], [HOSTILE])
    shown = [(each, [Picture(b"\xff\xd8jpeg", "marked, at 1.5 s")]) for each in worst(outcome, 2)]
    return page(report(SETTINGS, "It was asked.", done, outcome), outcome, shown)


class Balanced(HTMLParser):
    """Fails when an element is not closed; collects what the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.open.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag in ("meta", "img"):
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing() -> None:
    read = Balanced()
    read.feed(rendered())
    assert read.open == []
    assert "script" not in read.seen
    assert {load.split(",")[0] for load in read.loads} == {"data:image/jpeg;base64"}


def test_the_worst_come_first_and_show_what_was_marked_and_answered() -> None:
    html = rendered()
    assert re.findall(r'<p class="faint">(\w+)\.mov, score', html) == ["bad", "none"]
    assert 'aria-label="1.0-2.0 s marked, 4.0-6.0 s, 7.0-8.0 s answered"' in html
    assert "The first answer is a moment of another file." in html
    assert "<td>another file, 4.0-6.0 s, 7.0-8.0 s</td>" in html


def test_a_curve_is_drawn_between_its_axes() -> None:
    drawn = chart(Curve("t", "frames", "share", {"a": [(0, 0.0), (25, 0.5), (50, 1.0)]}))
    assert '<path class="line" d="M40.0,220.0L220.0,120.0L400.0,20.0"' in drawn
