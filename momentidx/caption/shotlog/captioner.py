"""The shot log: describes any footage by measurement, on any machine.

One pass over about eight pictures a second collects small figures of each picture and of each pair
of neighbours (`looks`, `pairs`, `things`), and looks closely once a second (`looker`: people, and named
things where the small networks are installed); no picture is kept for longer than a few seconds. When
the pass is over the shots are known, and each is described from what falls inside it (`camera`,
`movement`, `fades`, `people`, `named`), in `words`. Sound is a pass of its own (`sounds`), and text is read in a
few large pictures at the end (`texts`, `written`) where the extra that reads is installed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from momentidx.caption.shotlog import measures, words
from momentidx.caption.shotlog.asked import FILTERS
from momentidx.caption.shotlog.camera import Camera, camera
from momentidx.caption.shotlog.changes import Change, dissolves, focus, racks, sharpness, thumb
from momentidx.caption.shotlog.fades import PLAIN_KINDS, Fade, fades
from momentidx.caption.shotlog.form import Frame, forms, frame, idle, stops
from momentidx.caption.shotlog.handled import Handled, Settled
from momentidx.caption.shotlog.leader import Countdown, countdowns, hand
from momentidx.caption.shotlog.looker import Looker
from momentidx.caption.shotlog.looks import Appearance, Look, appearance, look
from momentidx.caption.shotlog.models import WITHOUT_MODELS, WITHOUT_READER, Models
from momentidx.caption.shotlog.movement import Activity, activities
from momentidx.caption.shotlog.moves import CameraMove
from momentidx.caption.shotlog.named import Named
from momentidx.caption.shotlog.pairs import movement
from momentidx.caption.shotlog.path import Step
from momentidx.caption.shotlog.people import People, check_detectors
from momentidx.caption.shotlog.snapping import Snapper
from momentidx.caption.shotlog.sounds import Listener
from momentidx.caption.shotlog.split import SeamFinder, Seams, split
from momentidx.caption.shotlog.texts import Texts
from momentidx.caption.shotlog.things import FEWEST, Blob, Watcher
from momentidx.caption.shotlog.written import Written, written
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.media.frames import FrameSource
from momentidx.models.reading import Reader
from momentidx.models.tflite import SOUND_RATE
from momentidx.times import Span

REVISION = "6"
"""Raised whenever a change here can change a log."""
PER_SECOND = 8
WIDTH = 320
"""Longer side, in pixels, of the pictures in which camera movement is measured ..."""
SEARCHED = 480
"""... and of those searched for text, where text can be read ..."""
SMALL = 112
"""... and of those for light, colour and movement in the picture."""
STANDS = 0.0015
"""Longer sides that the picture's edge may move between two pictures of a standing camera."""
FILLS = Fraction(4, 5)
"""Share of a shot from which what happens in it belongs to the shot's own sentence."""


class ShotLog:
    """The captioner that is always there: camera, light, colour, movement, people and fades, shot by shot."""

    name = "shotlog"
    filters = FILTERS

    def __init__(self, models: Models | None = None, reader: Reader | None = None) -> None:
        check_detectors()
        self._models, self._reader = models or Models(), reader
        self.version = "-".join(filter(None, [REVISION, self._models.version, reader.version if reader else ""]))

    @property
    def advice(self) -> Sequence[str]:
        """What is not installed and what it would add; a sentence each."""
        models = [WITHOUT_MODELS] if self._models.objects is None else []
        return [*models, *([WITHOUT_READER] if self._reader is None else [])]

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        pass_ = _Pass(Looker(self._models), Texts(self._reader) if self._reader else None)
        for batch in frames.watch(per_second=PER_SECOND, width=SEARCHED if self._reader else WIDTH):
            for pts, picture in zip(batch.pts.tolist(), batch.images, strict=True):
                pass_.see(pts, picture)
        pass_.watcher.finish()
        pass_.looker.finish()
        counted = countdowns(pass_.pts, pass_.hands, frames.shots)
        faded = [each for each in fades(frames.signals, footage.span) if not _swept(each, counted)]
        events = [Event(fade.span, words.fade(fade), fade.kind, Fraction(0), {"colour": fade.colour}) for fade in faded]
        mixed = dissolves(pass_.pts, pass_.thumbs, frames.shots)
        mixed = [each for each in mixed if not any(fade.span.overlap(each.span) for fade in faded)]
        events += [_changed(each) for each in mixed]
        changing = [*(fade.span for fade in faded), *(each.span for each in mixed)]
        for each in counted:
            events.append(
                Event(each.span, words.countdown(), "countdown", each.edge, {"form": "countdown", "turns": each.turns})
            )
        for shot in frames.shots:
            form = pass_.form(shot, idle(frames.signals, shot), vertical=upright(footage))
            form += ["countdown"] if any(each.span.covers(shot) for each in counted) else []
            events += pass_.describe(shot, [fade for fade in faded if shot.overlap(fade.span)], changing, form)
            events += [
                Event(stop.span, words.stop(stop), stop.kind, Fraction(0))
                for stop in ([] if "screen-recording" in form else stops(frames.signals, shot))
                if not any(fade.span.overlap(stop.span) for fade in faded)
            ]
        if self._models.sounds is not None:
            heard = Listener(self._models.sounds).hear(footage.span, frames.sound(rate=SOUND_RATE))
            events += [Event(each.span, words.heard(each), "sound", each.edge, measures.of(each)) for each in heard]
        events += [
            Event(each.span, words.written(each), "text", each.edge, measures.of_text(each))
            for each in pass_.written(footage, frames)
            if not any(2 * leader.span.overlap(each.span) > each.span.duration for leader in counted)
        ]
        on_frames = Snapper(frames.signals.pts, footage.span)
        events = [replace(event, span=on_frames(event.span)) for event in events]
        return sorted(events, key=lambda event: (event.span.start, -event.span.end, event.kind))


class _Pass:
    """The figures of one pass."""

    def __init__(self, looker: Looker, texts: Texts | None) -> None:
        self.looker = looker
        self.texts = texts
        self.pts: list[int] = []
        self.looks: list[Look] = []
        self.frames: list[Frame] = []
        self.seams: list[Seams | None] = []
        self.hands: list[float | None] = []
        self.steps: list[Step] = []
        self.thumbs: list[NDArray[np.float32]] = []
        self.sharp: list[NDArray[np.float32]] = []
        self.watcher = Watcher()
        self.settled = Settled()
        self._seam_finder = SeamFinder()
        self._before: NDArray[np.uint8] | None = None

    def see(self, pts: int, taken: NDArray[np.uint8]) -> None:
        picture = shrunk(taken, WIDTH)
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        move = None if self._before is None else movement(self._before, grey)
        stands = None if move is None else move.edge < STANDS
        small = shrunk(picture, SMALL)
        rests = self.watcher.see(pts, small, stands)
        self.settled.see(pts, small)
        if self.pts:
            self.steps.append(Step(self.pts[-1], pts, move, rests))
        self.pts.append(pts)
        self.looks.append(look(small))
        self.frames.append(frame(grey, small))
        self.seams.append(self._seam_finder.see(grey))
        self.hands.append(hand(grey))
        self.thumbs.append(thumb(grey))
        self.sharp.append(sharpness(grey))
        self._before = grey
        self.looker.see(pts, picture)
        if self.texts is not None:
            self.texts.see(pts, taken, grey)

    def written(self, footage: Footage, frames: FrameSource) -> list[Written]:
        """What is written in the footage, where it can be read."""
        if self.texts is None or not self.pts:
            return []
        lines = self.texts.read(frames, max(footage.video.width, footage.video.height))
        return written(lines, footage.span, self.pts, frames.shots, self.steps, self.watcher.blobs, self.texts.size)

    def form(self, shot: Span, idle: float, *, vertical: bool) -> list[str]:
        """The form of one shot; see `forms`."""
        first, last = bisect_left(self.pts, shot.start), bisect_left(self.pts, shot.end)
        return [
            *forms(self.frames[first:last], idle, vertical=vertical),
            *(["split-screen"] if split(self.seams[first:last]) else []),
        ]

    def describe(
        self, shot: Span, faded: Sequence[Fade], changing: Sequence[Span], form: Sequence[str]
    ) -> Iterator[Event]:
        """The events of one shot but for its fades; none for a shot shorter than the time between two looks.

        `changing` is where pictures fade or mix: nothing there looks as it is, and everything seems to move.
        """
        first, last = bisect_left(self.pts, shot.start), bisect_left(self.pts, shot.end)
        pictures = self.pts[first:last]
        if not pictures or any(fade.kind in PLAIN_KINDS and fade.span.covers(shot) for fade in faded):
            return
        edge = max((after - before for before, after in pairwise(pictures)), default=0) * shot.base
        clear = [n for n in range(first, last) if not any(self.pts[n] in span for span in changing)]
        seen = appearance([self.looks[n] for n in clear or range(first, last)])
        does = Camera("unknown") if "split-screen" in form else camera(shot, self.steps[first : last - 1])
        does = replace(does, moves=tuple(map(self._recognised, does.moves)))
        moving = activities(shot, pictures, self._blobs(shot, changing) if does.rests else [], self.looker.name)
        moving = [replace(each, handled=self._handled(each.span, shot, changing)) for each in moving]
        filling = next((each for each in moving if each.span.duration >= FILLS * shot.duration), None)
        quiet = does.rests and not moving and len(pictures) >= 2 * FEWEST
        people, named = self.looker.people(shot), self.looker.named(shot)
        filled = FILLS * shot.duration
        everywhere = next((each for each in people if each.span.duration >= filled), None)
        always = [each for each in named if each.span.duration >= filled]
        sharp = self.sharp[first:last]
        for change in racks(shot, pictures, sharp, self.thumbs[first:last]) if does.rests else []:
            yield _changed(change)
        yield _shot_event(shot, does, seen, filling, faded, quiet, everywhere, always, form, focus(sharp))
        if "countdown" in form:
            return
        for group in people:
            if group is not everywhere:
                yield Event(group.span, words.people(group), "people", group.edge, measures.of(group))
        for one in named:
            if one not in always:
                yield Event(one.span, words.named(one), "object", one.edge, measures.of(one))
        for move in does.moves:
            if move.span.duration < filled:
                yield Event(move.span, words.camera_move(move), "camera", edge, measures.of(move))
        for each in moving:
            told = each.name == "person" and not each.handled and _told(each.span, people)
            if each is not filling and not told:
                yield Event(each.span, words.activity(each), "movement", edge, measures.of(each))
            for thing in each.passing:
                yield Event(thing.span, words.thing(thing), "movement", edge, measures.of(thing))

    def _recognised(self, move: CameraMove) -> CameraMove:
        """The camera movement with the name of what it follows."""
        if move.follows is None:
            return move
        name = self.looker.followed(move.span, move.follows)
        return replace(move, follows=replace(move.follows, name=name))

    def _blobs(self, shot: Span, changing: Sequence[Span]) -> list[Blob]:
        found = self.watcher.blobs  # in order of time
        first, last = (bisect_left(found, pts, key=lambda blob: blob.pts) for pts in (shot.start, shot.end))
        return [blob for blob in found[first:last] if not any(blob.pts in span for span in changing)]

    def _handled(self, stretch: Span, shot: Span, changing: Sequence[Span]) -> tuple[Handled, ...]:
        """What was taken away or put down by whatever moved in a stretch of a shot."""
        return tuple(
            replace(each, name=self.looker.lying(each))
            for each in self.settled.handled
            if each.before in shot
            and each.after in shot
            and 2 * stretch.overlap(Span(each.before, each.after, shot.base)) > stretch.duration
            and not any(each.before in span or each.after in span for span in changing)
        )


def upright(footage: Footage) -> bool:
    """Whether the picture is higher than wide."""
    return footage.video.height > footage.video.width * footage.video.sample_aspect


def shrunk(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The picture with that longer side, in pixels."""
    height, width = picture.shape[:2]
    if max(height, width) == side:
        return picture
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(2, round(height * scale)))  # an upper and a lower half
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _shot_event(
    shot: Span,
    does: Camera,
    seen: Appearance,
    filling: Activity | None,
    faded: Sequence[Fade],
    quiet: bool,
    people: People | None,
    named: Sequence[Named],
    form: Sequence[str],
    focused: tuple[str | None, float | None],
) -> Event:
    figures: dict[str, Any] = {
        "camera": measures.of(does),
        "look": measures.of(seen),
        "movement": measures.of(filling) if filling else None,
        "fades": [fade.kind for fade in faded],
        "people": measures.of(people) if people else None,
        "objects": [measures.of(each) for each in named],
        "form": list(form),
        "focus": {"label": focused[0], "sharpness": focused[1]},
    }
    sentence = words.shot(does, seen, filling, faded, quiet, people, named, form, soft=focused[0] == "soft")
    return Event(shot, sentence, "shot", Fraction(0), figures)


def _swept(fade: Fade, counted: Sequence[Countdown]) -> bool:
    """Whether a fade is the hand of a countdown that sweeps the picture bright or dark."""
    return any(fade.kind not in PLAIN_KINDS and each.span.overlap(fade.span) for each in counted)


def _changed(found: Change) -> Event:
    """A dissolve or a rack focus; its edges are reckoned from pictures an eighth of a second apart."""
    figures = {"change": found.kind, "residue": found.residue}
    return Event(found.span, words.change(found), found.kind, Fraction(1, PER_SECOND), figures)


def _told(span: Span, people: Sequence[People]) -> bool:
    """Whether what somebody does in a stretch is part of what is said of the people there."""
    return any(2 * group.span.overlap(span) >= span.duration for group in people)
