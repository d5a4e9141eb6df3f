"""What the camera does during a shot, told from the movements between its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from momentidx.caption.shotlog.moves import CameraMove, camera_moves
from momentidx.caption.shotlog.path import Path, Step
from momentidx.times import Span

LABELS = {
    "still": "locked-off: stands, but for a knock now and then (below 1 % of the longer side a second is standing)",
    "almost-still": "shifts by less than 4 % of the longer side over the shot, and does not shake",
    "hand-held": "shakes: between most pictures it departs from its own smooth path by 0.2 % of the longer side",
    "pan-left": "turns to the left: the contents move to the right",
    "pan-right": "turns to the right: the contents move to the left",
    "tilt-up": "turns upwards: the contents move down",
    "tilt-down": "turns downwards: the contents move up",
    "push-in": "comes closer, by moving or zooming: the contents grow",
    "pull-out": "goes away, by moving or zooming: the contents shrink",
    "roll-left": "turns about its axis to the left: the contents turn clockwise",
    "roll-right": "turns about its axis to the right: the contents turn anticlockwise",
    "whip-pan-left": "as pan-left, at some moment faster than 0.7 longer sides a second",
    "whip-pan-right": "as pan-right, at some moment faster than 0.7 longer sides a second",
    "tracking": "goes along with something: it stays in its place, while near and far pass at different speeds",
    "moving": "movements that do not fill the shot, or go nowhere in particular",
    "unknown": "could not be measured; the sentence says nothing about the camera",
}

FEWEST = 3
"""Steps without which nothing is said."""
SHAKES = 0.002
"""Departure from the smooth path, in longer sides, from which the camera is held in the hand."""
STANDS, NEARLY = 0.006, 0.04
"""Longer sides that the picture of a standing camera, and of one nearly still, may shift over a shot."""
RESTS = 0.9
"""Share of the steps at rest from which a knock now and then does not count."""
WHOLE = 0.8
"""Share of the measured steps from which a movement is the shot's."""
MEASURED, SEEN_RESTING = 0.5, 0.2
"""Shares of the shot that must have been measured to say what its camera does all the time, and that it rests."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What the camera does in one shot."""

    label: str
    """One of `LABELS`."""
    moves: tuple[CameraMove, ...] = ()
    """Its movements in order of time; one that fills the shot has the shot's own edges."""
    shake: float = 0.0
    """Median departure from the smooth path between two pictures, in longer sides."""
    held: bool = False
    """Whether it shakes like a camera in the hand."""
    measured: float = 0.0
    """Share of the shot in which the camera's movement could be measured."""
    rests: bool = False
    """Whether the camera stood nearly all the time, as far as can be told."""


def camera(shot: Span, steps: Sequence[Step]) -> Camera:
    """Tell the camera's behaviour from the steps that lie inside the shot, in order."""
    if len(steps) < FEWEST:
        return Camera("unknown")
    path = Path.of(shot, steps)
    measured = float(path.known.mean())
    resting = all(float(part.mean()) >= RESTS for part in (path.rests, path.rests[path.known]) if len(part))
    if resting or not measured:
        return Camera("still" if measured >= SEEN_RESTING else "unknown", measured=measured, rests=resting)
    held = path.shake >= SHAKES and measured >= MEASURED
    moves = camera_moves(path, held=held)
    return Camera(_label(path, moves, held), moves, path.shake, held, measured)


def _label(path: Path, moves: Sequence[CameraMove], held: bool) -> str:
    for move in moves:
        inside = path.known & (path.start >= move.span.start) & (path.end <= move.span.end)
        if inside.sum() >= WHOLE * path.known.sum():
            return move.label
    if held:
        return "hand-held"
    if moves:
        return "moving"
    if path.known.mean() < MEASURED:
        return "unknown"
    return "still" if path.excursion < STANDS else "almost-still" if path.excursion < NEARLY else "moving"
