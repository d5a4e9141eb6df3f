"""How exact the shot log is on footage that is drawn here, whose contents are known to the frame.

    PYTHONPATH=. python benchmarks/shotlog_painted.py

For each kind: F1 at tIoU 0.5 of the events of all clips against the truth, and how many frames the edges of
those found are off (median). Then text: character errors and edges by size, angle, contrast and movement; and
what looking for text costs on footage that has none. The extra `ocr` is needed for the latter two.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from momentidx.caption.shotlog import ShotLog
from momentidx.demo import scenes
from momentidx.events import Event
from momentidx.models.reading import Reader
from tests.caption.painted import Painted
from tests.caption.paintings import HEIGHT, WIDTH, beside, desktop, hand_and_ball, leader, street, walker

Picture = NDArray[np.uint8]
Truth = tuple[str, int, int]
"""What happens, its first frame, and the frame after its last."""

GARDEN = np.concatenate([scenes.cottage(), np.fliplr(scenes.cottage())], axis=1)
BOOKS = scenes.books()[:360, :640]
TEXTS = ("Jane Doe, Chief Engineer", "EMERGENCY EXIT", "Platform 9 to London", "Where have you been?")


def main() -> None:
    kinds()
    tracking()
    reader = Reader()
    text(reader)
    cost(reader)


def kinds() -> None:
    """Every kind with its own clips, so that a kind invented in another's clip counts against it."""
    log = ShotLog()
    found: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    invented: dict[str, int] = defaultdict(int)
    missed: dict[str, int] = defaultdict(int)
    for pictures, cuts, truths in CLIPS():
        source = Painted(pictures, cuts=cuts)
        told = [named for event in log.describe(source.footage, source) for named in names(event)]
        for kind, first, end in truths:
            best = max(
                (each for each in told if each[0] == kind),
                key=lambda each: overlap(each, (kind, first, end)),
                default=None,
            )
            if best is None or overlap(best, (kind, first, end)) < 0.5:
                missed[kind] += 1
                continue
            told.remove(best)
            found[kind].append((True, (abs(best[1] - first) + abs(best[2] - end)) / 2))
        for kind, _, _ in told:
            invented[kind] += 1
    print(f"{'kind':<16}{'true':>6}{'F1':>8}{'frames off (median)':>22}")
    for kind in sorted(found.keys() | missed.keys()):
        right, wrong, none = len(found[kind]), invented[kind], missed[kind]
        f1 = 2 * right / (2 * right + wrong + none)
        off = np.median([each for _, each in found[kind]]) if right else float("nan")
        print(f"{kind:<16}{right + none:>6}{f1:>8.2f}{off:>22.1f}")
    print("invented where there was none:", {kind: n for kind, n in invented.items() if n} or "nothing")


def tracking() -> None:
    """Somebody whom a camera travels beside or turns after, and what only seems so; frames 40 to 90 of 130 move."""
    log = ShotLog()
    print(f"\n{'the camera goes':<44}{'is':<10}{'told: tracking':>16}{'follows':>9}{'neither':>9}{'frames off':>12}")
    right, wrong, missed = 0, 0, 0
    for name, truth, paint in follow_shots():
        told, off, hits = Counter[str](), [], 0
        for speed, turned, towards in ((2, np.asarray, "right"), (4, np.fliplr, "left"), (7, np.asarray, "right")):
            source = Painted([turned(paint(min(max(n - 40, 0), 50), speed)) for n in range(130)])
            shot, *others = log.describe(source.footage, source)
            followed = [move for move in shot.measures["camera"]["moves"] if move["follows"]]
            is_tracking = any(move["towards"] == towards for move in followed)
            told["tracking" if is_tracking else "follows" if followed else "neither"] += 1
            for event in others:
                if event.kind == "camera" and event.measures["label"] == "tracking":
                    start, end = (edge - Painted.START for edge in (event.span.start, event.span.end))
                    off.append((abs(start - 40) + abs(end - 90)) / 2)
                    hit = truth == "tracking" and overlap(("", start, end), ("", 40, 90)) >= 0.5
                    hits, wrong = hits + hit, wrong + (not hit)
        right, missed = right + hits, missed + (3 - hits if truth == "tracking" else 0)
        edges = f"{np.median(off):.1f}" if off else "-"
        print(f"{name:<44}{truth:<10}{told['tracking']:>16}{told['follows']:>9}{told['neither']:>9}{edges:>12}")
    print(
        f"tracking: F1 {2 * right / (2 * right + wrong + missed):.2f} ({right} right, {wrong} wrong, {missed} missed)"
    )


def follow_shots() -> Iterable[tuple[str, str, Callable[[int, float], Picture]]]:
    """What the camera does, whether that is `tracking`, `follows` or `neither`, and its pictures by frame and speed."""
    depths = {"much parallax": (0.6, 1.0, 1.5), "little parallax": (0.8, 1.0, 1.2), "no parallax": (1.0, 1.0, 1.0)}
    for name, speeds in depths.items():
        for size in (0.7, 1.0, 1.7):
            truth = "follows" if name == "no parallax" else "tracking"
            yield f"with somebody {size} high, {name}", truth, partial(passing, speeds=speeds, size=size)
        yield f"alone, {name}", "neither", partial(passing, speeds=speeds, size=0)
        yield f"past somebody, {name}", "neither", partial(passing, speeds=speeds, drifts=-1)
        yield f"slower than somebody, {name}", "neither", partial(passing, speeds=speeds, drifts=1)
        yield f"alone, with a title, {name}", "neither", partial(passing, speeds=speeds, size=0, title="MONDAY MORNING")
    yield "round somebody", "neither", partial(passing, speeds=(0.6, 1.0, -1.0))
    yield "alone, hills that stay", "neither", partial(passing, speeds=(0.05, 1.0, 1.5), size=0)
    yield "with somebody, hills that stay", "tracking", partial(passing, speeds=(0.05, 1.0, 1.5))


def passing(
    frame: int,
    speed: float,
    speeds: tuple[float, float, float] = (0.6, 1.0, 1.5),
    size: float = 1,
    drifts: float = 0,
    title: str = "",
) -> Picture:
    """A street that passes at a speed, and somebody who keeps up with the camera, or drifts away at that speed."""
    picture = street(200 + speed * frame, speeds)
    if size:
        x = WIDTH / 2 - 180 * np.sign(drifts) + drifts * speed * frame
        walker(picture, (x, 320 + 60 * (size > 1)), 0.3 * frame, size)
    if title:
        cv2.putText(picture, title, (150, 240), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2, cv2.LINE_AA)
    noise = np.random.default_rng(frame).integers(-2, 3, (HEIGHT, WIDTH, 1))
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


TOLD = {"fade-in", "fade-out", "black", "white", "freeze", "flash", "dissolve", "rack-focus", "countdown"}
GOES = {"crosses", "enters", "leaves"}


def names(event: Event) -> Iterable[Truth]:
    """What an event claims; of the whole-shot event its camera, form, light and focus."""
    start, end = event.span.start - Painted.START, event.span.end - Painted.START
    if event.kind == "shot":
        measures = event.measures
        label = measures["camera"]["label"]
        if label not in ("still", "almost-still", "moving", "unknown"):
            yield label, start, end
        yield from ((form, start, end) for form in measures["form"] if form != "countdown")
        if measures["movement"]:
            yield from ((each["does"], start, end) for each in measures["movement"]["going"] if each["does"] in GOES)
            yield from ((each["does"], start, end) for each in measures["movement"]["handled"])
        if measures["look"]["light"] != "normal":
            yield measures["look"]["light"], start, end
        if measures["look"]["tone"] == "black-and-white":
            yield "black-and-white", start, end
        if measures["focus"]["label"] == "soft":
            yield "soft", start, end
    elif event.kind == "camera":
        yield event.measures["label"], start, end
    elif event.kind == "movement":
        going = event.measures.get("going", [event.measures])
        yield from ((each["does"], start, end) for each in going if each.get("does") in GOES)
        yield from ((each["does"], start, end) for each in event.measures.get("handled", ()))
    elif event.kind in TOLD:
        yield event.kind, start, end


def overlap(one: Truth, other: Truth) -> float:
    common = max(0, min(one[2], other[2]) - max(one[1], other[1]))
    return common / (max(one[2], other[2]) - min(one[1], other[1]))


def look_at(x: float = 0, y: float = 0, scale: float = 0.75, roll: float = 0) -> Picture:
    """The garden from a camera turned to the right and down, in pixels of the picture (640 x 360)."""
    return scenes.view(GARDEN, (GARDEN.shape[1] / 2 + x / scale, scenes.HEIGHT + y / scale), scale, roll)


def CLIPS() -> Iterable[tuple[list[Picture], Sequence[int], list[Truth]]]:  # noqa: N802
    """Pictures, first frames of later shots, and what happens."""
    moves: dict[str, Callable[[float], Picture]] = {
        "pan-left": lambda t: look_at(-t),
        "pan-right": lambda t: look_at(t),
        "tilt-up": lambda t: look_at(y=-0.7 * t),
        "tilt-down": lambda t: look_at(y=0.7 * t),
        "push-in": lambda t: look_at(scale=0.75 * float(np.exp(0.002 * t))),
        "pull-out": lambda t: look_at(scale=0.9 * float(np.exp(-0.002 * t))),
        "roll-left": lambda t: look_at(roll=-0.15 * t),
        "roll-right": lambda t: look_at(roll=0.15 * t),
    }
    for first, speed in ((40, 2.0), (25, 4.0)):
        for label, at in moves.items():
            frames = [at(speed * min(max(n - first, 0), 50)) for n in range(first + 50 + 40)]
            yield frames, (), [(label, first, first + 50)]
    plain = look_at()
    for first, length in ((40, 20), (50, 40)):
        levels = [min(1.0, max(0.0, (first + length - n) / length)) for n in range(first + length + 10)]
        out = [np.rint(plain * level).astype(np.uint8) for level in levels]
        yield out, (), [("fade-out", first, first + length), ("black", first + length - 1, first + length + 10)]
        yield out[::-1], (), [("fade-in", 9, 9 + length), ("black", 0, 11)]
        mixed = [
            np.asarray(cv2.addWeighted(plain, 1 - share, BOOKS, share, 0), np.uint8)
            for n in range(first + length + 50)
            for share in [min(1.0, max(0.0, (n - first + 1) / (length + 1)))]
        ]
        yield mixed, [first + length // 2], [("dissolve", first, first + length)]
        held = [look_at(3 * min(n, first) if n < first + 40 else 3 * (n - 40)) for n in range(first + 90)]
        yield held, (), [("pan-right", 0, first), ("freeze", first, first + 41), ("pan-right", first + 40, first + 90)]
        dim = np.asarray(plain * 0.3, np.uint8)
        lit = [*[dim] * first, *[np.full_like(plain, 240)] * 3, *[dim] * 40]
        yield lit, (), [("dim", 0, first + 43), ("flash", first, first + 3)]
        blurs = [min(1.0, max(0.0, (n - first) / length)) * 8 for n in range(first + length + 45)]
        racked = [
            np.concatenate([_soft(BOOKS, blur)[:, :320], _soft(BOOKS, 8 - blur)[:, 320:]], axis=1) for blur in blurs
        ]
        yield racked, (), [("rack-focus", first, first + length)]
    grey = np.repeat(BOOKS.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    for kind, picture in {
        "black-and-white": grey,
        "soft": _soft(BOOKS, 10),
        "dark": BOOKS // 5,
        "letterboxed": _boxed(BOOKS, 45, 0),
        "pillarboxed": _boxed(BOOKS, 0, 80),
    }.items():
        yield [picture] * 50, (), [(kind, 0, 50)]
    yield from things_that_go()
    yield from things_handled()
    yield from screens()
    shaking = [look_at(7 * np.sin(0.36 * n) + 4 * np.sin(0.68 * n), 5 * np.sin(0.44 * n + 1)) for n in range(75)]
    yield shaking, (), [("hand-held", 0, 75)]
    yield [BOOKS] * 75, (), []


def things_that_go() -> Iterable[tuple[list[Picture], Sequence[int], list[Truth]]]:
    """A ball that crosses, comes and stays, or lies and goes, from frame 40 on, to both sides."""
    rng = np.random.default_rng(1)
    for radius, speed, colour in ((30, 12, (200, 30, 30)), (45, 8, (40, 90, 220))):
        for turned in (np.asarray, np.fliplr):
            across, half = (WIDTH + 2 * radius) // speed, (WIDTH // 2 + radius) // speed
            for does, first_x, steps in (
                ("crosses", -radius, across),
                ("enters", -radius, half),
                ("leaves", WIDTH // 2, half),
            ):
                frames = []
                for n in range(40 + steps + 40):
                    picture = scenes.table()
                    x = first_x + speed * min(max(n - 40, 0), steps)
                    scenes.ball(picture, (x, 200), radius, colour, 0)
                    noisy = np.clip(picture + rng.integers(-2, 3, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)
                    frames.append(np.ascontiguousarray(turned(noisy)))
                yield frames, (), [(does, 40, 40 + steps)]


def things_handled() -> Iterable[tuple[list[Picture], Sequence[int], list[Truth]]]:
    """A hand from above takes a ball away, puts it down, or does nothing to it; it is in the picture from 45 to 81."""
    rng = np.random.default_rng(1)
    for x in (130, 320, 510):
        for does in ("taken", "put", "nothing"):
            noisy = [hand_and_ball(n, does, x) + rng.integers(-2, 3, (HEIGHT, WIDTH, 1)) for n in range(115)]
            truths = [] if does == "nothing" else [(does, *{"taken": (45, 83), "put": (43, 81)}[does])]
            yield [np.clip(picture, 0, 255).astype(np.uint8) for picture in noisy], (), truths


def screens() -> Iterable[tuple[list[Picture], Sequence[int], list[Truth]]]:
    """Countdown leaders, split screens and recordings of screens."""
    for first, rate, dark in ((5, 25, True), (8, 21, False)):
        counted = [leader(n, first, rate, dark_hand=dark) for n in range(3 * rate)]
        cuts = [50, *(50 + rate * turn for turn in (1, 2, 3))]
        grey = [("black-and-white", one, other) for one, other in pairwise(cuts)]
        yield [*[BOOKS] * 50, *counted, *[look_at()] * 50], cuts, [("countdown", 50, cuts[-1]), *grey]
    for gap in (0, 6):
        moving = [beside(look_at(2 * n), BOOKS, gap=gap) for n in range(75)]
        yield moving, (), [("split-screen", 0, 75)]
        yield [beside(look_at(y=-n), look_at(), gap=gap, above=True) for n in range(75)], (), [("split-screen", 0, 75)]
    yield [beside(look_at(), look_at(), gap=6)] * 75, (), []
    yield [desktop(n) for n in range(150)], (), [("screen-recording", 0, 150), ("bright", 0, 150)]
    yield [desktop(0)] * 75, (), [("screen-recording", 0, 75), ("bright", 0, 75)]


def _soft(picture: Picture, sigma: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8) if sigma > 0.3 else picture


def _boxed(picture: Picture, rows: int, columns: int) -> Picture:
    boxed = picture.copy()
    boxed[: rows or None if rows else 0] = 0
    boxed[len(boxed) - rows :] = 0
    boxed[:, :columns] = 0
    boxed[:, boxed.shape[1] - columns :] = 0
    return boxed


def text(reader: Reader) -> None:
    """Text of one look at a time, over a garden that pans behind it, from frame 30 to 70 of 100."""
    log = ShotLog(reader=reader)
    looks: dict[str, Callable[[Picture, str, int], Picture]] = {
        "24 pixels of 720": lambda p, t, _: put(p, t, 24),
        "36 pixels": lambda p, t, _: put(p, t, 36),
        "72 pixels": lambda p, t, _: put(p, t, 72),
        "10 degrees": lambda p, t, _: put(p, t, 40, angle=10),
        "30 degrees": lambda p, t, _: put(p, t, 40, angle=30),
        "black": lambda p, t, _: put(p, t, 40, colour=(15, 15, 15)),
        "pale": lambda p, t, _: put(p, t, 40, colour=(190, 205, 190)),
        "moves 4 pixels": lambda p, t, n: put(p, t, 48, at=(120 + 4 * (n - 30), 540)),
        "rises 4 pixels": lambda p, t, n: put(p, t, 48, at=(300, 620 - 4 * (n - 30))),
    }
    print(f"\n{'text':<20}{'found':>8}{'character errors %':>20}{'edges off (median, most)':>28}")
    for name, paint in looks.items():
        wrong, letters, found, off = 0.0, 0, 0, []
        for line in TEXTS:
            frames = [np.asarray(cv2.resize(look_at(2 * n), (1280, 720)), np.uint8) for n in range(100)]
            frames = [paint(p, line, n) if 30 <= n < 70 else p for n, p in enumerate(frames)]
            source = Painted(frames, side=1280)
            told = [event for event in log.describe(source.footage, source) if event.kind == "text"]
            said = max((" ".join(e.measures["lines"]) for e in told), key=len, default="")
            wrong, letters = wrong + errors(line, said), letters + len(line)
            found += bool(told)
            if told:
                best = max(told, key=lambda event: event.span.duration)
                off += [abs(best.span.start - 1030), abs(best.span.end - 1070)]
        edges = f"{np.median(off):.0f}, {max(off)}" if off else "-"
        print(f"{name:<20}{found:>4} of {len(TEXTS)}{100 * wrong / letters:>19.1f}{edges:>28}")


def errors(truth: str, said: str) -> int:
    """Characters to be inserted, deleted or replaced."""
    row = list(range(len(said) + 1))
    for i, a in enumerate(truth, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(said, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def put(
    picture: Picture,
    line: str,
    size: int,
    *,
    at: tuple[float, float] = (200, 560),
    colour: tuple[int, int, int] = (255, 255, 255),
    angle: float = 0,
) -> Picture:
    image, letters = Image.fromarray(picture), Image.new("L", picture.shape[1::-1])
    ImageDraw.Draw(letters).text(at, line, font=ImageFont.load_default(size), fill=255)
    letters = letters.rotate(angle, resample=Image.Resampling.BICUBIC, center=at) if angle else letters
    image.paste(Image.new("RGB", image.size, colour), (0, 0), letters)
    return np.asarray(image)


def cost(reader: Reader) -> None:
    """What the log costs with and without looking for text, on footage without any (a pan, and noise)."""
    rng = np.random.default_rng(1)
    gravel = np.asarray(cv2.resize(rng.integers(0, 256, (180, 320, 3), np.uint8), (1280, 720)), np.uint8)
    for name, frames in {
        "a garden, panned": [np.asarray(cv2.resize(look_at(0.5 * n), (1280, 720)), np.uint8) for n in range(500)],
        "gravel, panned": [np.roll(gravel, 2 * n, axis=1) for n in range(500)],
    }.items():
        seconds: dict[str, float] = {}
        for log in (ShotLog(), ShotLog(reader=reader), ShotLog(), ShotLog(reader=reader)):
            source = Painted(frames, side=640)
            started = time.perf_counter()
            log.describe(source.footage, source)
            taken = time.perf_counter() - started
            seconds[log.version] = min(taken, seconds.get(log.version, taken))
        without, with_text = seconds.values()
        print(f"{name}: {with_text / without:.2f} times the log without text (goal 1.5); painted, so without decoding")


if __name__ == "__main__":
    main()
