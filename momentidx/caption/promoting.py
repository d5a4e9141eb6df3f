"""A model takes the place of the one that is asked, after it was measured; the former one stays ready beside it.

MODELS/vtimellm          the one that the captioner asks, with the report it was taken on (evaluation.json)
MODELS/vtimellm.former   the one before
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.hooks import choose
from momentidx.models.checkpoints.layout import MANIFEST, Converted
from momentidx.models.store import Store

FORMER, EVALUATION = ".former", "evaluation.json"


def promote(folder: Path, report: Path, settings: Settings) -> Converted:
    """Put a converted model where its captioner looks for it. The folder itself stays.

    Raises MomentidxError when the folder is no whole model, WrongUse when the report is not about it: a report of
    `momentidx eval run` names the version of the captioner it measured, which changes with weights and settings.
    """
    measured = _read(report, ("benchmark", "captioner", "captioner_version", "queries", "figures"))
    name = str(_read(folder / MANIFEST, ("recipe",))["recipe"])
    offer = choose("captioners", name)  # also keeps out names that are paths
    Converted.open(folder, name).check()
    if measured["captioner"] != name:
        raise WrongUse(f"{report} measured '{measured['captioner']}', and {folder} is for '{name}'.")
    models = Store.of(settings).folder
    try:
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models, prefix=f".{name}.") as beside:
            made = Path(beside) / name
            shutil.copytree(folder, made)
            shutil.copyfile(report, made / EVALUATION)
            asked = offer.make(settings.model_copy(update={"models_folder": Path(beside)}))
            if asked.version != str(measured["captioner_version"]).split(",")[0]:
                raise WrongUse(
                    f"{report} measured version {measured['captioner_version']} of '{name}', and {folder} with these "
                    f"settings is version {asked.version}. Measure it with 'momentidx eval run', its folder being "
                    f"'{name}' in 'models_folder'."
                )
            del asked
            _take_place(made, models / name)
    except OSError as error:
        raise MomentidxError(f"{models}: the model cannot be put there: {error}. The former one stays.") from error
    return Converted.open(models / name, name)


def roll_back(name: str, settings: Settings) -> Converted:
    """The former model is asked again, and the one that was becomes the former. Raises WrongUse when there is none."""
    place = Store.of(settings).folder / name
    former, aside = place.with_name(name + FORMER), place.with_name(f".{name}{FORMER}")
    if aside.exists() and not former.exists():  # a swap that was not finished
        aside.replace(former)
    if not former.is_dir():
        raise WrongUse(f"There is no former model of '{name}' in {place.parent}.")
    Converted.open(former, name).check()
    if place.exists():
        place.replace(aside)
    former.replace(place)
    if aside.exists():
        aside.replace(former)
    return Converted.open(place, name)


def _take_place(made: Path, place: Path) -> None:
    """Two renames; a process that dies between them leaves the former model, which `roll_back` puts back."""
    former = place.with_name(place.name + FORMER)
    if place.exists():
        if former.exists():
            shutil.rmtree(former)
        place.replace(former)
    made.replace(place)


def _read(path: Path, wanted: tuple[str, ...]) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in wanted if not told.get(name)]
    except (OSError, ValueError, AttributeError) as error:
        raise WrongUse(f"{path} cannot be read ({error}). A model and its evaluation are needed.") from error
    if missing:
        raise WrongUse(f"{path} does not say {', '.join(missing)}, so it is not what it should be.")
    return told
