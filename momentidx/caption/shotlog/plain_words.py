"""From the classes of the small networks to the words that people search for.

The picture network knows a hundred and eighteen kinds of dog; somebody who looks for one types "dog".
Classes that it takes for almost anything (wings, spotlights, solar dishes) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping


def _classes(*parts: int | tuple[int, int]) -> tuple[int, ...]:
    """Class numbers, from single ones and (first, last) ranges."""
    return tuple(
        number for part in parts for number in (range(part[0], part[1] + 1) if isinstance(part, tuple) else (part,))
    )


SHOWN: Mapping[str, tuple[int, ...]] = {
    "fish": _classes((1, 7), (390, 398)),
    "bird": _classes((8, 25), (81, 101), (128, 147)),
    "lizard": _classes((26, 30), (39, 49)),
    "frog": _classes((31, 33)),
    "turtle": _classes((34, 38)),
    "crocodile": _classes(50, 51),
    "snake": _classes((53, 69)),
    "spider": _classes((71, 79)),
    "jellyfish": _classes(108),
    "snail": _classes(114, 115),
    "crab": _classes((119, 126)),
    "whale": _classes(148, 149),
    "dog": _classes((152, 269)),
    "wolf": _classes((270, 276)),
    "fox": _classes((278, 281)),
    "cat": _classes((282, 286)),
    "big cat": _classes((287, 294)),
    "bear": _classes((295, 298), 389),
    "insect": _classes((301, 321)),
    "butterfly": _classes((322, 327)),
    "rabbit": _classes((331, 333)),
    "horse": _classes(340, 604),
    "zebra": _classes(341),
    "pig": _classes(342, 343, 344),
    "cow": _classes(346),
    "sheep": _classes(349, 350),
    "antelope": _classes((352, 354)),
    "camel": _classes(355),
    "monkey": _classes((366, 383)),
    "elephant": _classes(102, 386, 387),
    "airplane": _classes(405, 727, 896),
    "balloon": _classes(418),
    "bicycle": _classes(445, 672),
    "boat": _classes(473, 485, 555, 577, 626, 781, 815, 872, 915),
    "ship": _classes(404, 511, 629),
    "bus": _classes(655, 780, 875),
    "car": _classes(437, 469, 512, 610, 628, 657, 752, 818),
    "motorcycle": _classes(666, 671),
    "truck": _classes(556, 570, 718, 865, 868),
    "train": _classes(467, 548, 566, 706, 821, 830),
    "tractor": _classes(596, 857, 867),
    "tank": _classes(848),
    "bridge": _classes(822, 840, 889),
    "castle": _classes(484, 699),
    "church": _classes(498, 664, 669),
    "fountain": _classes(563),
    "lighthouse": _classes(438),
    "pier": _classes(537, 719),
    "restaurant": _classes(763),
    "shop": _classes(416, 455, 468, 510, 583, 789, 866),
    "library": _classes(454, 625),
    "dining table": _classes(533),
    "candle": _classes(471),
    "clock": _classes(410, 531, 893),
    "laptop": _classes(621, 682),
    "keyboard": _classes(509),
    "cell phone": _classes(488),
    "telephone": _classes(529, 708),
    "tv": _classes(665, 783, 852),
    "camera": _classes(733, 760),
    "cup": _classes(505, 969),
    "teapot": _classes(506, 850),
    "wine glass": _classes(442, 573, 967),
    "bottle": _classes(441, 738, 899, 908),
    "vase": _classes(884),
    "guitar": _classes(403, 547),
    "piano": _classes(580, 882),
    "violin": _classes(487, 890),
    "drum": _classes(542),
    "umbrella": _classes(880),
    "sports ball": _classes(430, 431, 523, 575, 769, 806, 853, 891),
    "book": _classes(918, 922),
    "street sign": _classes(920),
    "traffic light": _classes(921),
    "food": _classes((925, 938), 960, 963, 964, 965, 966),
    "fruit": _classes((949, 958)),
    "mushroom": _classes((992, 998)),
    "flower": _classes(986, 987),
    "mountain": _classes(971),
    "cliff": _classes(973, 977),
    "coast": _classes(978, 979),
    "lake": _classes(976),
    "valley": _classes(980),
    "volcano": _classes(981),
    "coral reef": _classes(974),
}
"""Plain words and their classes of ImageNet, numbered as MobileNet does (0 is the background)."""

HEARD: Mapping[str, tuple[str, ...]] = {
    "speech": ("Speech", "Child speech, kid speaking", "Conversation", "Narration, monologue"),
    "shouting": ("Shout", "Yell", "Screaming", "Children shouting"),
    "whispering": ("Whispering",),
    "laughter": ("Laughter", "Baby laughter", "Giggle", "Belly laugh", "Chuckle, chortle"),
    "crying": ("Crying, sobbing", "Baby cry, infant cry"),
    "singing": ("Singing", "Choir", "Child singing"),
    "coughing": ("Cough", "Sneeze"),
    "footsteps": ("Walk, footsteps", "Run"),
    "applause": ("Applause", "Clapping"),
    "cheering": ("Cheering",),
    "a crowd": ("Crowd", "Chatter", "Hubbub, speech noise, speech babble"),
    "barking": ("Bark", "Dog", "Bow-wow", "Howl"),
    "a cat": ("Cat", "Meow", "Purr"),
    "horses": ("Horse", "Clip-clop", "Neigh, whinny"),
    "cattle": ("Cattle, bovinae", "Moo"),
    "birdsong": ("Bird", "Bird vocalization, bird call, bird song", "Chirp, tweet"),
    "insects": ("Insect", "Cricket", "Bee, wasp, etc."),
    "music": ("Music",),
    "wind": ("Wind", "Wind noise (microphone)"),
    "thunder": ("Thunder", "Thunderstorm"),
    "rain": ("Rain", "Rain on surface"),
    "running water": ("Stream", "Waterfall", "Water tap, faucet", "Pour"),
    "waves": ("Ocean", "Waves, surf"),
    "fire": ("Fire", "Crackle"),
    "an engine": ("Engine", "Idling", "Accelerating, revving, vroom", "Medium engine (mid frequency)"),
    "cars": ("Car", "Car passing by", "Traffic noise, roadway noise", "Motor vehicle (road)"),
    "a car horn": ("Vehicle horn, car horn, honking",),
    "a siren": ("Siren", "Police car (siren)", "Ambulance (siren)", "Emergency vehicle"),
    "a train": ("Train", "Rail transport"),
    "an aircraft": ("Aircraft", "Fixed-wing aircraft, airplane", "Jet engine"),
    "a helicopter": ("Helicopter",),
    "a door": ("Door", "Slam", "Knock"),
    "a telephone": ("Telephone", "Telephone bell ringing", "Ringtone"),
    "a bell": ("Bell", "Church bell"),
    "typing": ("Typing", "Computer keyboard"),
    "tools": ("Hammer", "Sawing", "Drill", "Power tool"),
    "a gunshot": ("Gunshot, gunfire", "Machine gun"),
    "an explosion": ("Explosion", "Fireworks"),
    "breaking glass": ("Shatter", "Glass"),
}
"""What is heard, in words, and its classes of AudioSet; the first class of each is the plain one."""

_NUMBERS = ("no", "a", "two", "three", "four", "five", "six")
_MANY = {"person": "people", "sheep": "sheep", "fish": "fish", "wolf": "wolves", "fox": "foxes", "bus": "buses"}
_WITHOUT = {"food", "fruit", "tv"}
_SAID = {"cell phone": "mobile phone", "tv": "a television", "sports ball": "ball"}


def counted(name: str, count: int) -> str:
    """`a dog`, `two dogs`, `several dogs`."""
    said = _SAID.get(name, name)
    if count == 1:
        return said if name in _WITHOUT else f"{'an' if said[0] in 'aeiou' else 'a'} {said}"
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else 'several'} {plural(said.removeprefix('a '))}"


def plural(name: str) -> str:
    if name in _MANY:
        return _MANY[name]
    if name.endswith(("s", "sh", "ch", "x")):
        return name + "es"
    return name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"
