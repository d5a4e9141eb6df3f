"""The shot log's vocabulary as Markdown tables, for `docs/shotlog.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from momentidx.caption.shotlog import camera, colours, fades, looks, words
from momentidx.caption.shotlog.movement import Going
from momentidx.times import Span

KINDS = {
    "shot": "one for each shot, from cut to cut",
    "camera": "a camera movement during a part of a shot",
    "movement": "something moves during a part of a shot whose camera stands",
    **fades.KINDS,
}
DOES = {
    "crosses": "is first seen at one side and last at the opposite one",
    "enters": "comes in at the left or right side and stays, or is lost sight of",
    "leaves": "goes out at the left or right side",
    "moves": "gets ahead by a fifth of the picture or more",
}


def tables() -> str:
    """Kinds, camera, light, colours and movement, each as a table of words, sentences and meanings."""
    stances = {**words.STANCE, **{label: f"the camera {verb}" for label, verb in words.MOVES.items()}}
    moment = Span(0, 1, Fraction(1))
    going = {does: words.thing(Going(moment, "red", does, "right", 0.1)) for does in DOES}
    return "\n".join(
        [
            *_table("Kinds of event (`kind`)", KINDS),
            *_table("Camera (`measures.camera.label`)", camera.LABELS, stances),
            *_table("Light (`measures.look.light`)", looks.LIGHTS, words.LIGHT),
            *_table("What a thing does (`measures.going`)", DOES, going),
            "### Colours",
            "",
            f"{_listed(colours.HUES)}; without colour {_listed(colours.NEUTRALS)}.",
            "",
        ]
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(title: str, meanings: Mapping[str, str], said: Mapping[str, str] | None = None) -> list[str]:
    head = ["word", "in the sentence", "when"] if said is not None else ["word", "when"]
    rows = [
        [f"`{word}`", *([said.get(word, "")] if said is not None else []), meaning]
        for word, meaning in meanings.items()
    ]
    lines = [head, ["---"] * len(head), *rows]
    return [f"### {title}", "", *(f"| {' | '.join(line)} |" for line in lines), ""]
