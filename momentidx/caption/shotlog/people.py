"""People: how many there are, how large in the frame, where, turned to the camera or not, how they come and go.

Faces and bodies are found by OpenCV's own detectors (frontal and profile faces: Viola and Jones, CVPR
2001; whole bodies: histograms of oriented gradients, Dalal and Triggs, CVPR 2005), which are there
without any model; the object network, where it is installed, finds more people, also from behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog import colours
from momentidx.caption.shotlog.boxes import apart, common
from momentidx.caption.shotlog.presence import Stretch, Sure, most, stretches
from momentidx.errors import MomentidxError
from momentidx.models.tflite import Detection
from momentidx.times import Span

FACE_STEP, FACE_VOTES, SMALLEST_FACE = 1.2, 4, 0.1
"""The cascades' step in size, votes for a face, and the smallest one as a part of the picture's shorter side."""
BODY_SURE = 0.7
"""Weight from which a body found by its outlines counts."""
CERTAIN = 0.85
"""Score of a face or an outlined body: they are hardly ever wrong, and often missed."""
THERE = Sure(keeps=0.45, typical=0.62, best=0.68, looks=2, pause=2.0)
COUNTED = 0.5
"""Score from which a person is counted."""

SIZES = {
    "extreme-close-up": "the face is higher than 0.7 of the picture",
    "close-up": "the face is higher than 0.35 of the picture",
    "medium-close-up": "the face is higher than 0.2 of the picture",
    "medium": "the face is higher than 0.12 of the picture, or the body is cut off at the lower edge",
    "full": "the body is whole, and higher than 0.7 of the picture",
    "wide": "the body is whole, and higher than 0.3 of the picture",
    "extreme-wide": "the body is whole, and smaller than that",
}
FACES = (("extreme-close-up", 0.7), ("close-up", 0.35), ("medium-close-up", 0.2), ("medium", 0.12))
BODIES = (("full", 0.7), ("wide", 0.3), ("extreme-wide", 0.0))
CUT_OFF = 0.97
"""Lower edge of a body from which the picture cuts it off."""
BROAD = 0.5
"""Width of a cut-off body, as a part of the picture's width, from which it is a medium close-up."""
SAME = 0.5
"""Common part of the smaller of two boxes from which they are one person."""
FACING = 0.4
"""Share of the looks with a frontal face from which a person faces the camera."""
AT_EDGE = 0.04
"""How near to the picture's side a body is that comes or goes there."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person in one picture; places are parts of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    face: str | None = None
    """`frontal` or `profile` when a face was found."""
    face_height: float = 0.0
    """Part of the picture's height."""
    clothes: str | None = None
    """The colour that most of the body has."""

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class People:
    """The people of a stretch of a shot."""

    span: Span
    count: int
    size: str
    """One of `SIZES`."""
    where: str
    """`left`, `middle` or `right` of the picture; for several people `everywhere`."""
    facing: bool
    """Whether the one, or one of them, faces the camera."""
    profile: bool
    clothes: str | None
    """The colour of the clothes of a single person."""
    enters: str | None
    """The side at which a single person comes in, `left` or `right`."""
    leaves: str | None
    score: float
    edge: Fraction
    """Seconds that the edges of the span may be off."""


class Finder:
    """Finds people in single pictures."""

    def __init__(self) -> None:
        self._frontal, self._profile = _cascade("frontalface_alt2"), _cascade("profileface")
        self._bodies = cv2.HOGDescriptor()
        self._bodies.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))

    def __call__(
        self, picture: NDArray[np.uint8], objects: Sequence[Detection] | None, *, faces: str = "all"
    ) -> list[Person]:
        """The people of one (H, W, 3) RGB picture; `objects` is None where no network looks for bodies.

        Faces take the longest: `none`, `frontal` or `all` of them are looked for.
        """
        grey = np.asarray(cv2.equalizeHist(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)), np.uint8)
        found = _faces(self._frontal, grey, "frontal") if faces != "none" else []
        if faces == "all" and not found:
            found = _faces(self._profile, grey, "profile") or [
                replace(each, left=1 - each.right, right=1 - each.left)
                for each in _faces(self._profile, np.asarray(cv2.flip(grey, 1), np.uint8), "profile")
            ]
        bodies = self._outlined(grey) if objects is None else [_person(each) for each in objects]
        bodies = apart(sorted(filter(None, bodies), key=lambda body: -body.score), SAME)
        alone = [face for face in found if not any(common(body, face) for body in bodies)]
        return [_dressed(picture, _with_face(body, found)) for body in bodies] + alone

    def _outlined(self, grey: NDArray[np.uint8]) -> list[Person]:
        height, width = grey.shape
        if height < 128 or width < 64:
            return []
        boxes, weights = self._bodies.detectMultiScale(grey, winStride=(8, 8), scale=1.1)
        return [
            # The detector's window has a margin of a tenth around the body.
            Person(
                (x + 0.1 * w) / width, (y + 0.07 * h) / height, (x + 0.9 * w) / width, (y + 0.93 * h) / height, CERTAIN
            )
            for (x, y, w, h), weight in zip(boxes, np.ravel(weights), strict=True)
            if weight > BODY_SURE
        ]


def people(shot: Span, times: Sequence[int], seen: Sequence[Sequence[Person]]) -> list[People]:
    """The stretches of a shot with people, from what looks at (N,) times saw."""
    scores = [max((person.score for person in persons), default=0.0) for persons in seen]
    return [_people(shot, stretch, seen) for stretch in stretches(shot, times, scores, THERE)]


def _people(shot: Span, stretch: Stretch, seen: Sequence[Sequence[Person]]) -> People:
    looks = [[p for p in persons if p.score >= COUNTED] for persons in seen[stretch.first : stretch.last + 1]]
    looks = [persons for persons in looks if persons]
    count = max(1, most(np.array([len(persons) for persons in looks], float)) if looks else 1)
    largest = [max(persons, key=lambda p: (p.right - p.left) * (p.bottom - p.top)) for persons in looks]
    middle = float(np.median([person.middle for person in largest])) if largest else 0.5
    single = count == 1
    clothes = Counter(person.clothes for person in largest).most_common(1)
    came, went = stretch.span.start > shot.start, stretch.span.end < shot.end
    return People(
        span=stretch.span,
        count=count,
        size=_size(largest),
        where="everywhere" if count > 2 else "left" if middle < 0.38 else "right" if middle > 0.62 else "middle",
        facing=_share(looks, "frontal") >= FACING,
        profile=_share(looks, "profile") >= FACING,
        clothes=clothes[0][0] if single and clothes and clothes[0][1] * 2 > len(largest) else None,
        enters=_side(largest[0]) if single and came and largest else None,
        leaves=_side(largest[-1]) if single and went and largest else None,
        score=round(stretch.score, 3),
        edge=stretch.edge,
    )


def _size(largest: Sequence[Person]) -> str:
    """How large the largest person is shown, by the face where there is one."""
    faces = [person.face_height for person in largest if person.face]
    if len(faces) * 2 > len(largest):
        height = float(np.median(faces))
        return next((name for name, least in FACES if height >= least), "wide")
    if not largest:
        return "wide"
    height = float(np.median([person.bottom - person.top for person in largest]))
    width = float(np.median([person.right - person.left for person in largest]))
    if float(np.median([person.bottom for person in largest])) >= CUT_OFF and height > 0.4:
        return "medium-close-up" if width >= BROAD else "medium"
    return next(name for name, least in BODIES if height >= least)


def _person(found: Detection) -> Person | None:
    if found.label != "person":
        return None
    return Person(found.left, found.top, found.right, found.bottom, found.score)


def _share(looks: Sequence[Sequence[Person]], face: str) -> float:
    return sum(any(person.face == face for person in persons) for persons in looks) / max(1, len(looks))


def _side(person: Person) -> str | None:
    """The side of the picture at which somebody stands who is just coming or going."""
    if person.left <= AT_EDGE and person.middle < 0.4:
        return "left"
    return "right" if person.right >= 1 - AT_EDGE and person.middle > 0.6 else None


def _faces(cascade: Any, grey: NDArray[np.uint8], kind: str) -> list[Person]:
    height, width = grey.shape
    side = max(20, round(SMALLEST_FACE * min(height, width)))
    boxes = cascade.detectMultiScale(grey, FACE_STEP, FACE_VOTES, minSize=(side, side))
    return [
        Person(x / width, y / height, (x + w) / width, (y + h) / height, CERTAIN, kind, h / height)
        for x, y, w, h in boxes
    ]


def _with_face(body: Person, faces: Sequence[Person]) -> Person:
    face = next((face for face in faces if _holds(body, face)), None)
    return replace(body, score=max(body.score, CERTAIN), face=face.face, face_height=face.face_height) if face else body


def _dressed(picture: NDArray[np.uint8], body: Person) -> Person:
    """The body with the colour of its middle, where clothes are."""
    height, width = picture.shape[:2]
    tall, broad = body.bottom - body.top, body.right - body.left
    rows = slice(int((body.top + 0.3 * tall) * height), int((body.top + 0.6 * tall) * height))
    columns = slice(int((body.left + 0.3 * broad) * width), int((body.right - 0.3 * broad) * width))
    patch = picture[rows, columns]
    if patch.size < 3 * 40:
        return body
    shares = colours.shares(patch)
    strongest = int(shares.argmax())
    return replace(body, clothes=colours.NAMES[strongest]) if shares[strongest] >= 0.5 else body


def _holds(body: Person, face: Person) -> bool:
    """Whether the face lies in the upper half of the body."""
    centre = (face.top + face.bottom) / 2
    return body.left <= face.middle <= body.right and body.top - 0.05 <= centre <= (body.top + body.bottom) / 2


def check_detectors() -> None:
    """Refuse (MomentidxError) an OpenCV without detectors before any footage is opened."""
    Finder()


def _cascade(name: str) -> Any:
    # OpenCV 5 left the cascades out; the dependency asks for 4, but another package may have brought 5.
    if not hasattr(cv2, "CascadeClassifier"):
        raise MomentidxError(
            f"OpenCV {cv2.__version__} has no face detectors. Run pip install 'opencv-python-headless<5'."
        )
    folder = Path(cv2.__file__).parent / "data"
    cascade = cv2.CascadeClassifier(str(folder / f"haarcascade_{name}.xml"))
    if cascade.empty():
        raise MomentidxError(
            f"OpenCV {cv2.__version__} came without its face detectors. Install it again: "
            "pip install --force-reinstall 'opencv-python-headless<5'."
        )
    return cascade
