"""From measurements to sentences, as they would be typed into a log. Says only what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from momentidx.caption.shotlog.camera import Camera
from momentidx.caption.shotlog.changes import Change
from momentidx.caption.shotlog.colours import NAMES
from momentidx.caption.shotlog.fades import PLAIN_KINDS, Fade
from momentidx.caption.shotlog.form import Stop
from momentidx.caption.shotlog.handled import Handled
from momentidx.caption.shotlog.looks import Appearance
from momentidx.caption.shotlog.movement import SIDES, Activity, Going
from momentidx.caption.shotlog.moves import CameraMove
from momentidx.caption.shotlog.named import Named
from momentidx.caption.shotlog.people import People
from momentidx.caption.shotlog.plain_words import counted, plural
from momentidx.caption.shotlog.sounds import Heard
from momentidx.caption.shotlog.written import Written

STANCE = {
    "still": "locked-off shot",
    "almost-still": "nearly still shot",
    "hand-held": "hand-held shot",
}
MOVES = {
    "pan-left": "pans left",
    "pan-right": "pans right",
    "tilt-up": "tilts up",
    "tilt-down": "tilts down",
    "push-in": "pushes in",
    "pull-out": "pulls out",
    "roll-left": "rolls to the left",
    "roll-right": "rolls to the right",
    "whip-pan-left": "whip-pans left",
    "whip-pan-right": "whip-pans right",
    "tracking": "tracks",
}
LIGHT = {
    "dark": "dark, like night or an unlit room",
    "dim": "dim light",
    "bright": "bright picture",
    "silhouette": "in silhouette",
    "high-contrast": "high contrast",
}
SIZES = {
    "extreme-close-up": "extreme close-up",
    "close-up": "close-up",
    "medium-close-up": "medium close-up",
    "medium": "medium shot",
    "full": "full shot",
    "wide": "wide shot",
    "extreme-wide": "extreme wide shot",
}
FORMS = {
    "vertical": "vertical picture",
    "letterboxed": "letterboxed",
    "pillarboxed": "pillarboxed",
    "split-screen": "split screen",
    "screen-recording": "screen recording",
    "countdown": "countdown leader",
    "colour-bars": "colour bars",
}
WRITTEN = {
    "slate": "slate",
    "timecode": "burnt-in timecode",
    "credits": "credits",
    "lower-third": "lower third",
    "title": "title",
    "sign": "sign",
    "text": "text in the picture",
}
LONGEST = 200
"""Characters of a text that a sentence quotes."""
HANDLED = {"taken": "is taken away", "put": "is put down"}
PLACES = {
    "everywhere": "in the picture",
    "left": "on the left of the picture",
    "middle": "in the middle of the picture",
    "right": "on the right of the picture",
}
AMOUNT = {"little": "a little movement", "some": "movement", "much": "a lot of movement"}


def shot(
    does: Camera,
    seen: Appearance,
    moving: Activity | None,
    fades: Sequence[Fade],
    quiet: bool,
    people: People | None,
    things: Sequence[Named],
    form: Sequence[str],
    *,
    soft: bool,
) -> str:
    """The sentence for a whole shot.

    `moving`, `people` and `things` are what fills it; `quiet` says that movement was looked for and none was found.
    """
    if "colour-bars" in form:
        return _sentence(FORMS["colour-bars"])
    if "countdown" in form:
        return countdown()
    parts = [_people(people, framed=True)] if people is not None else []
    parts += [_things(things), _camera(does)]
    if moving is not None:
        parts.append(_moving(moving))
    elif does.label == "still" and quiet:
        parts.append("nothing moves")
    parts += _look(seen)
    parts += [_fade(each) for each in fades if each.kind not in PLAIN_KINDS]
    parts += [FORMS[each] for each in form]
    parts += ["out of focus"] if soft else []
    return _sentence("; ".join(part for part in parts if part) or "normal light")


def people(found: People) -> str:
    """The sentence for people during a part of a shot."""
    return _sentence(_people(found, framed=False))


def named(thing: Named) -> str:
    """The sentence for a named thing during a part of a shot."""
    return _sentence(f"{counted(thing.name, thing.count)} in the picture")


def heard(sound: Heard) -> str:
    """The sentence for a sound."""
    return _sentence(sound.name if sound.name == "silence" else f"sound of {sound.name}")


def stop(found: Stop) -> str:
    """The sentence for a freeze or a flash."""
    return {"freeze": "The picture freezes.", "flash": "A flash of light."}[found.kind]


def written(found: Written) -> str:
    """The sentence for something that is written in the picture."""
    if found.slate is not None:
        return _sentence(f"slate: {', '.join(f'{label} {value}' for label, value in found.slate.items())}")
    said = " / ".join(found.lines)
    said = said if len(said) <= LONGEST else f"{said[:LONGEST].rsplit(' ', 1)[0]} ..."
    return _sentence(
        f"{WRITTEN[found.role]} {said}" if found.role == "timecode" else f'{WRITTEN[found.role]}: "{said}"'
    )


def countdown() -> str:
    """The sentence for a countdown leader."""
    return _sentence(FORMS["countdown"])


def change(found: Change) -> str:
    """The sentence for a dissolve or a rack focus."""
    return {"dissolve": "A dissolve.", "rack-focus": "The focus racks from one thing to another."}[found.kind]


def camera_move(move: CameraMove) -> str:
    """The sentence for a camera movement during a part of a shot."""
    return _sentence(f"the camera {_does(move)}")


def activity(moving: Activity) -> str:
    """The sentence for movement in front of the camera during a part of a shot."""
    return _sentence(_moving(moving))


def thing(passing: Going) -> str:
    """The sentence for one thing that comes, goes or crosses."""
    return _sentence(_going(passing))


def fade(found: Fade) -> str:
    """The sentence for a fade, or for a picture of one colour."""
    return _sentence(_fade(found))


def _camera(does: Camera) -> str:
    names = list(dict.fromkeys(map(_does, does.moves)))
    if does.label in MOVES:
        main = next(move for move in does.moves if move.label == does.label)
        return f"the camera {_does(main)}{', hand-held' if does.held else ''}"
    if does.label == "moving" or (does.label == "hand-held" and 0 < len(names) <= 3):
        who = "hand-held camera" if does.held else "the camera"
        return f"{who} {', then '.join(names[:3]) or 'moves'}"
    return STANCE.get(does.label, "")


def _does(move: CameraMove) -> str:
    if move.follows is None:
        return MOVES[move.label]
    what = counted(move.follows.name, 1) if move.follows.name else "something"
    return (
        f"{MOVES[move.label]} {move.towards} with {what}" if move.towards else f"{MOVES[move.label]}, following {what}"
    )


def _people(found: People, *, framed: bool) -> str:
    """Who is seen, and how large where that is the shot's own size."""
    who = counted("person", found.count) + (f" in {found.clothes}" if found.clothes else "")
    parts = [f"{SIZES[found.size]} of {who}" if framed else who]
    if found.where in ("left", "right"):
        parts[0] += f" on the {found.where} of the picture"
    if found.facing:
        parts.append("facing the camera")
    elif found.profile:
        parts.append("in profile")
    parts += [f"enters from the {found.enters}"] if found.enters else []
    parts += [f"leaves on the {found.leaves}"] if found.leaves else []
    return ", ".join(parts)


def _things(things: Sequence[Named]) -> str:
    """The surest three."""
    surest = sorted(things, key=lambda thing: -thing.score)[:3]
    names = [counted(thing.name, thing.count) for thing in surest]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _moving(moving: Activity) -> str:
    handled = " and ".join(_handled(each) for each in moving.handled)
    if handled and not moving.throughout and not moving.name:
        return handled
    return "; ".join(filter(None, [_movement(moving), handled]))


def _handled(thing: Handled) -> str:
    what = counted(thing.name, 1) if thing.name else "something"
    return f"{what} {HANDLED[thing.does]} {PLACES[thing.where]}"


def _movement(moving: Activity) -> str:
    if moving.throughout:
        first, *others = moving.throughout
        if sum(each.towards == first.towards for each in others) >= 2:
            return _several(first)
        opposite = [each for each in others if each.towards != first.towards][:1]
        return " and ".join(_going(each) for each in (first, *opposite))
    place = PLACES[moving.where]
    return f"{counted(moving.name, 1)} moves {place}" if moving.name else f"{AMOUNT[moving.much]} {place}"


def _going(going: Going) -> str:
    what = {"light": "a light", "thing": "something"}.get(going.what, f"something {going.what}")
    if going.name:
        colour = going.what if going.what in NAMES else None
        dressed = f"person in {colour}" if colour and going.name == "person" else going.name
        what = counted(f"{colour} {dressed}" if colour and going.name != "person" else dressed, 1)
    start, end = SIDES[going.towards]
    return {
        "crosses": f"{what} crosses the frame from {start} to {end}",
        "enters": f"{what} enters from the {start}",
        "leaves": f"{what} leaves at the {end}",
        "moves": f"{what} moves {_towards(going.towards)}",
    }[going.does]


def _several(going: Going) -> str:
    start, end = SIDES[going.towards]
    where = f"cross the frame from {start} to {end}" if going.does == "crosses" else f"move {_towards(going.towards)}"
    return f"several {plural(going.name or 'thing')} {where}"


def _towards(direction: str) -> str:
    return {"up": "upwards", "down": "downwards"}.get(direction, f"to the {direction}")


def _look(seen: Appearance) -> list[str]:
    parts = [LIGHT[seen.light]] if seen.light in LIGHT else []
    if seen.black_and_white:
        parts.append("black-and-white")
    elif seen.upper and seen.lower:
        parts.append(f"{seen.upper} above, {seen.lower} below")
    elif seen.main:
        parts.append(f"mainly {' and '.join(seen.main)}")
    elif seen.tone:
        parts.append(f"{seen.tone} colours")
    elif seen.colourful:
        parts.append("many colours")
    elif seen.neutral == "grey" or (seen.neutral == "white" and seen.light == "bright"):
        parts.append(f"mostly {seen.neutral}")
    return parts


def _fade(found: Fade) -> str:
    if found.kind in PLAIN_KINDS:
        return f"the picture is {found.colour}"
    return f"fade in from {found.colour}" if found.kind == "fade-in" else f"fade to {found.colour}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
