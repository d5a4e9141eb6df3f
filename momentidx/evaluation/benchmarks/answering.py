"""NExT-GQA: choose an answer, and show where it is seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from momentidx.evaluation import nextgqa
from momentidx.evaluation.benchmarks.values import Alike, Answered, Files, Outcome, Query, Row, share_curve

LETTERS = "ABCDE"
LETTER = re.compile(rf"\W*([{LETTERS}])(?=\s*(?:[).:]|$))", re.IGNORECASE)
"""An answer that begins with a letter of its own: "(B)", "b. the dog", not "A dog"."""


def read(files: Files) -> list[Query]:
    """The window is asked for with the question, the answer with the choices."""
    table, segments = sorted(files.annotations, key=lambda path: path.suffix)  # .csv before .json
    return [
        Query(f"{each.video} {each.number}", each.video, each.segments, each.text, _question(each), each)
        for each in nextgqa.read_nextgqa(table, segments)
    ]


def _question(asked: nextgqa.Question) -> str:
    choices = [f"({letter}) {choice}" for letter, choice in zip(LETTERS, asked.choices, strict=True)]
    return "\n".join([f"{asked.text.strip().capitalize()}?", *choices, "Answer with one letter."])


def read_choice(text: str, choices: Sequence[str]) -> str | None:
    """The choice that an answer in words takes: its letter, or else the only one whose words it has."""
    if letter := LETTER.match(text):
        return choices[LETTERS.index(letter[1].upper())]
    said = [choice for choice in choices if choice.casefold() in text.casefold()]
    return said[0] if len(said) == 1 else None


def count(answered: Answered, _: Alike) -> Outcome:
    """The figures of answers are left out when nobody answered in words."""
    words = any(said.text for _, said in answered)
    answers = {}
    rows = []
    for query, said in answered:
        window = said.here[0] if said.here else (0.0, 0.0)
        answer = nextgqa.Answer(window, read_choice(said.text, query.told.choices))
        answers[query.told.video, query.told.number] = answer
        of_one = nextgqa.figures([query.told], {(query.told.video, query.told.number): answer})
        facts = {"answer": said.text, "choice": answer.choice, "right": query.told.answer} if words else {}
        rows.append(Row(query, said, of_one["mIoP"] / 100, facts))
    figures = nextgqa.figures([query.told for query, _ in answered], answers)
    if not words:
        figures = {name: value for name, value in figures.items() if not name.startswith("Acc")}
    return Outcome(figures, rows, [share_curve({"first answer": [row.score for row in rows]}, "IoP")])
