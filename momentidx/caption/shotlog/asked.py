"""What people can ask the shot log by name, and what they type for its words. Loads nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from momentidx.events import Filter

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "extreme-close-up": ("ECU", "XCU", "extreme close up", "extremely tight"),
    "close-up": ("CU", "close up", "closeup", "tight"),
    "medium-close-up": ("MCU", "medium close up"),
    "medium": ("MS", "mid shot", "medium shot", "waist shot"),
    "full": ("FS", "full shot", "head to toe"),
    "wide": ("WS", "LS", "wide shot", "long shot"),
    "extreme-wide": ("EWS", "ELS", "extreme wide shot", "extreme long shot", "establishing shot"),
    "still": ("locked off", "static", "on sticks", "tripod", "lock-off"),
    "hand-held": ("handheld", "shaky"),
    "push-in": ("zoom in", "dolly in", "push in", "track in"),
    "pull-out": ("zoom out", "dolly out", "pull back", "pull out", "track out"),
    "pan-left": ("pan left", "panning left"),
    "pan-right": ("pan right", "panning right"),
    "tilt-up": ("tilt up",),
    "tilt-down": ("tilt down",),
    "tracking": ("tracking shot", "follow shot", "following shot", "travelling", "trucking"),
    "dark": ("night", "low key", "underexposed"),
    "bright": ("high key", "overexposed"),
    "black-and-white": ("B&W", "BW", "monochrome"),
    "silhouette": ("backlit", "contre-jour"),
    "soft": ("out of focus", "blurred", "blurry"),
    "rack-focus": ("focus pull", "pull focus", "follow focus"),
    "dissolve": ("crossfade", "cross dissolve", "lap dissolve"),
    "split-screen": ("split screen", "multi-screen"),
    "screen-recording": ("screen recording", "screencast", "screen capture"),
    "countdown": ("film leader", "countdown leader", "academy leader", "SMPTE leader"),
    "colour-bars": ("bars", "color bars", "SMPTE bars"),
    "fade-in": ("fade up", "fade from black"),
    "fade-out": ("fade to black", "fade down"),
    "slate": ("clapper", "clapperboard", "clapboard"),
    "timecode": ("BITC", "TC", "burn-in", "window burn"),
    "credits": ("end roll", "end titles", "crawl"),
    "lower-third": ("L3", "name super", "chyron", "aston"),
    "title": ("super", "caption"),
    "speech": ("talking", "dialogue", "somebody speaks"),
    "applause": ("clapping",),
    "cell phone": ("mobile phone", "smartphone"),
    "tv": ("television", "screen", "monitor"),
}
"""What people type for the words of the log."""


def _words(*words: str) -> dict[str, tuple[str, ...]]:
    return {word: SYNONYMS.get(word, ()) for word in words}


CAMERA = _words(
    "still", "almost-still", "hand-held", "pan-left", "pan-right", "tilt-up", "tilt-down", "push-in", "pull-out",
    "roll-left", "roll-right", "whip-pan-left", "whip-pan-right", "tracking", "moving", "unknown",
)  # fmt: skip
SIZES = _words("extreme-close-up", "close-up", "medium-close-up", "medium", "full", "wide", "extreme-wide")
LIGHT = _words("dark", "dim", "normal", "bright", "silhouette", "high-contrast")
TONES = _words("warm", "cool", "black-and-white")
FOCUS = _words("soft", "sharp")
FORMS = _words(
    "vertical", "letterboxed", "pillarboxed", "split-screen", "screen-recording", "countdown", "colour-bars",
)  # fmt: skip
CHANGES = _words("dissolve", "rack-focus")
COLOURS = _words(
    "black", "grey", "white", "red", "orange", "brown", "beige", "yellow", "green", "turquoise", "blue", "purple",
    "pink",
)  # fmt: skip
FADES = _words("fade-in", "fade-out", "black", "white")
DOES = _words("crosses", "enters", "leaves", "moves", "taken", "put")
WRITTEN = _words("slate", "timecode", "credits", "lower-third", "title", "sign", "text")

FILTERS: Mapping[str, Filter] = {
    "shot": Filter(("shot/people.size",), SIZES),
    "people": Filter(("shot/people.count", "people/count")),
    "camera": Filter(("shot/camera.label", "shot/camera.moves.label", "camera/label"), CAMERA),
    "light": Filter(("shot/look.light",), LIGHT),
    "colour": Filter(("shot/look.main", "shot/look.upper", "shot/look.lower"), COLOURS),
    "tone": Filter(("shot/look.tone",), TONES),
    "focus": Filter(("shot/focus.label",), FOCUS),
    "form": Filter(("countdown/form", "shot/form"), FORMS),
    "change": Filter(("dissolve/change", "rack-focus/change"), CHANGES),
    "speed": Filter(("shot/camera.moves.speed", "camera/speed")),
    "fade": Filter(("shot/fades",), FADES),
    "movement": Filter(
        (
            "shot/movement.going.does",
            "movement/going.does",
            "movement/does",
            "shot/movement.handled.does",
            "movement/handled.does",
        ),
        DOES,
    ),
    "object": Filter(("shot/objects.name", "object/name")),
    "sound": Filter(("sound/name",)),
    "text": Filter(("text/phrases",)),
    "slate": Filter(("text/name",)),
    "written": Filter(("text/role",), WRITTEN),
}
