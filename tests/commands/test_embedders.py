"""Another embedder takes over: the one for other languages, and the one that `docs/plugins.md` shows."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from momentidx import hooks
from momentidx.errors import WrongUse
from tests.clips import render
from tests.search import toy
from typer_app import app

ROOT = Path(__file__).parents[2]
DOG, DOOR = "A dog runs.", "A woman opens a red door."


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy.make(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip, and a library where it is indexed with the default embedder."""
    folder = tmp_path_factory.mktemp("made")
    events = [{"start": 0, "end": 1, "caption": DOG}, {"start": 1, "end": 2, "caption": DOOR}]
    (folder / "script.json").write_text(json.dumps({"events": events}))
    (folder / "library").mkdir()
    settings(folder / "library", "minilm", folder / "script.json")
    clip = render(folder / "clip.mp4", frames=50)
    done = momentidx("index", str(clip), "--library", str(folder / "library"))
    assert done.stdout == "Indexed 1 clip, 2.0 s of footage.\n"
    return folder


@pytest.fixture
def clip(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clip, and a copy of the library, which is the one that commands take."""
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(shutil.copytree(made / "library", tmp_path / "library")))
    return made / "clip.mp4"


@pytest.fixture
def trigrams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package of the page, installed."""
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n# trigrams.py\n(.*?)```", page, re.DOTALL)
    (entry,) = re.findall(r"# pyproject.toml\n.*?entry-points.momentidx\]\n(.*?)\n```", page, re.DOTALL)
    site = tmp_path / "site"
    facts = site / "trigrams-1.0.dist-info"
    facts.mkdir(parents=True)
    (site / "trigrams.py").write_text(program)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: trigrams\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[momentidx]\n{entry.replace(chr(34), '')}\n")
    monkeypatch.syspath_prepend(site)
    hooks.plugins.cache_clear()
    yield
    hooks.plugins.cache_clear()


def momentidx(*arguments: str) -> Result:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done


def found(words: str) -> tuple[list[tuple[int, str]], str]:
    """Numbers and captions, best first, and what else was said."""
    done = momentidx("find", words)
    moments = [json.loads(line) for line in done.stdout.splitlines()]
    return [(moment["id"], moment["caption"]) for moment in moments], done.stderr


def embedders() -> dict[str, int]:
    return {each["name"]: each["events"] for each in json.loads(momentidx("status", "--json").stdout)["embedders"]}


def settings(library: Path, embedder: str, script: Path) -> None:
    told = {"embedder": embedder, "scripted_answers": str(script), "models_folder": str(library.parent / "models")}
    lines = ['captioners = ["scripted"]', *(f'{name} = "{value}"' for name, value in told.items())]
    (library / "momentidx.toml").write_text("\n".join(lines))


def test_german_finds_english_captions_once_the_model_is_there_and_the_captions_are_embedded_anew(
    clip: Path, tmp_path: Path, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.pin(hub, monkeypatch)
    settings(tmp_path / "library", "multilingual", clip.parent / "script.json")
    before, said = found("a dog runs")
    assert before == [(1, DOG), (2, DOOR)]
    assert said.startswith("Searched with 'minilm': The model 'multilingual' is not installed. ")

    added = momentidx("models", "add", str(hub)).stdout.splitlines()
    assert added[:2] == ["Added model.safetensors to multilingual.", "Added tokenizer.json to multilingual."]
    told = "Searched with 'minilm': 'multilingual' knows only 0 of 2 events so far.\n"
    assert found("a dog runs") == (before, told)
    assert momentidx("index", str(clip)).stdout == "Indexed 1 clip, 2.0 s of footage.\n"
    assert found("ein Hund rennt") == ([(1, DOG), (2, DOOR)], ""), "the events are those of before: no second look"
    assert found("eine Frau öffnet eine rote Tür") == ([(2, DOOR), (1, DOG)], "")
    assert "Vectors   minilm 1-53aa51172d14: 2 events; multilingual 1-" in momentidx("status").stdout


@pytest.mark.slow
@pytest.mark.usefixtures("trigrams")
def test_a_plug_in_of_somebody_else_takes_over_the_same_way_with_vectors_of_its_own_length(
    clip: Path, tmp_path: Path
) -> None:
    settings(tmp_path / "library", "trigrams", clip.parent / "script.json")
    assert found("a dog runs")[1] == "Searched with 'minilm': 'trigrams' knows only 0 of 2 events so far.\n"
    momentidx("index", str(clip))
    assert found("a womn opns a dor") == ([(2, DOOR), (1, DOG)], "")
    assert "how sure they are is known of the default embedder only" in momentidx("find", "dog", "--explain").stderr

    settings(tmp_path / "library", "minilm", clip.parent / "script.json")
    assert embedders() == {"minilm": 2, "trigrams": 2}, "both are there until the next run"
    assert found("a puppy is racing") == ([(1, DOG), (2, DOOR)], "")
    momentidx("index", str(clip))
    assert embedders() == {"minilm": 2}


def test_the_list_of_models_says_which_languages_they_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOMENTIDX_LIBRARY", str(tmp_path))
    monkeypatch.setenv("MOMENTIDX_MODELS_FOLDER", str(tmp_path))
    assert momentidx("models", "list").stdout.splitlines()[1:] == [
        "minilm       installed  search in English, the default (Apache-2.0)",
        "multilingual 480 MB     search in more than 50 languages (Apache-2.0)",
    ]
    assert momentidx("models", "info", "minilm").stdout.startswith("minilm: search in English, the default.")
    with pytest.raises(WrongUse, match="'minilm' comes with momentidx and stays"):
        app(["models", "remove", "minilm"], standalone_mode=False)
