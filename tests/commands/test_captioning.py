"""`momentidx describe`, `locate` and `ask` on a real clip with a scripted captioner; and what `auto` stands for."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from safetensors.torch import load_file
from typer.testing import CliRunner

from momentidx.caption.auto import best, resolved
from momentidx.config import FolderSettings, Settings
from momentidx.errors import WrongUse
from momentidx.library import Library
from momentidx.models.checkpoints.layout import Converted
from tests.caption.toy_seeds import toy
from tests.clips import render
from typer_app import app

SCRIPT = {
    "events": [
        {"start": 0.4, "end": 0.8, "caption": "a red ball rolls in"},
        {"start": 0.8, "end": 1.6, "caption": "It bounces away."},
    ],
    "answers": {"What is it?": "A ball."},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captioning")
    render(folder / "ball.mp4", frames=50, rate=25)
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    (folder / "momentidx.toml").write_text(f'scripted_answers = "{folder}/script.json"\ncaptioners = ["scripted"]\n')
    return folder


def run(folder: Path, command: str, *words: str) -> Result:
    options = ["--library", str(folder), *(["-c", "scripted"] if command != "index" else [])]
    return CliRunner().invoke(app, [command, str(folder / "ball.mp4"), *words, *options])


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_describe_tells_events_with_frames_and_how_they_were_read(folder: Path) -> None:
    result = run(folder, "describe", "--json")
    first, second = rows(result)
    assert (first["start_frame"], first["end_frame"], first["caption"]) == (10, 20, "A red ball rolls in.")
    assert (second["start_seconds"], second["end_seconds"], second["edge_seconds"]) == (0.8, 1.6, 0.501)
    assert "1 answer: 1 read." in result.stderr


def test_describe_stores_nothing_and_index_stores_the_same(folder: Path) -> None:
    assert not (folder / "library.sqlite").exists()
    assert run(folder, "index").exit_code == 0
    with Library.open(folder) as library:
        stored = library.moments(library.footage_of(folder / "ball.mp4").fingerprint)
    assert [moment.event.caption for moment in stored] == ["A red ball rolls in.", "It bounces away."]


def test_find_refines_the_edges_of_what_it_found(folder: Path) -> None:
    library = ["--library", str(folder)]
    assert run(folder, "index").exit_code == 0
    script = json.loads((folder / "script.json").read_text())
    script["events"][1] |= {"start": 1.0, "end": 1.4}  # a better look
    (folder / "script.json").write_text(json.dumps(script))
    coarse = CliRunner().invoke(app, ["find", "ball bounces away", "-n", "1", *library])
    fine = CliRunner().invoke(app, ["find", "ball bounces away", "-n", "1", "--refine", *library])
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    edges = [(row["start_frame"], row["end_frame"]) for result in (coarse, fine) for row in rows(result)]
    assert edges == [(20, 40), (25, 35)]


def test_find_says_why_nothing_was_refined(folder: Path) -> None:
    assert run(folder, "index").exit_code == 0
    for captioner, query, why in (
        ("shotlog", "ball", "shotlog cannot locate words in footage"),
        ("scripted", f"folder:{folder.name}", "a query without words cannot be located"),
    ):
        command = ["find", query, "--refine", "--library", str(folder)]
        result = CliRunner().invoke(app, command, env={"MOMENTIDX_CAPTIONERS": captioner})
        assert f"Nothing was refined: {why} (docs/captioners.md)." in result.stderr


def test_locate_finds_words_or_ends_with_3(folder: Path) -> None:
    (found,) = rows(run(folder, "locate", "ball bounces away", "--json"))
    assert (found["start_frame"], found["end_frame"], found["kind"]) == (20, 40, "located")
    missing = run(folder, "locate", "zebras")
    assert (missing.exit_code, missing.stdout) == (3, "")
    assert "It is not shown." in missing.stderr


def test_ask_answers_in_words_or_json(folder: Path) -> None:
    assert run(folder, "ask", "What is it?").stdout == "A ball.\n"
    (row,) = rows(run(folder, "ask", "What is it?", "--json"))
    assert (row["answer"], row["captioner"], row["start_seconds"], row["end_seconds"]) == ("A ball.", "scripted", 0, 2)


def test_a_captioner_that_cannot_is_named(folder: Path) -> None:
    for command, words in (("locate", "a ball"), ("ask", "Why?")):
        result = CliRunner().invoke(app, [command, str(folder / "ball.mp4"), words, "-c", "shotlog"])
        assert isinstance(result.exception, WrongUse)
        assert "The captioner 'shotlog'" in str(result.exception)


def test_auto_takes_the_shot_log_where_there_is_nothing_better_and_says_so(tmp_path: Path) -> None:
    settings = Settings(models_folder=tmp_path)
    assert best(settings).name == "shotlog"
    assert str(best(settings)).startswith("auto takes 'shotlog': ")


def test_auto_takes_a_server_that_is_set_up() -> None:
    choice = best(Settings(endpoint_model="qwen3-vl"))
    assert str(choice) == "auto takes 'endpoint': a server is set up (http://127.0.0.1:8000/v1, qwen3-vl)."


def test_auto_becomes_a_name_in_the_library_and_in_folders(tmp_path: Path) -> None:
    folders = {tmp_path: FolderSettings(captioners=("auto",)), tmp_path / "b": FolderSettings(priority=1)}
    settings = resolved(Settings(captioners=("shotlog", "auto"), folders=folders, models_folder=tmp_path))
    assert settings.captioners == ("shotlog",)
    assert settings.folders[tmp_path].captioners == ("shotlog",)
    assert settings.folders[tmp_path / "b"] == FolderSettings(priority=1)
    assert resolved(Settings(captioners=("scripted",))).captioners == ("scripted",)


def test_auto_takes_the_best_seed_that_is_installed_and_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(models_folder=tmp_path, gpu_memory_gb=24)
    assert best(settings).why.startswith("No video chat model is installed."), "nothing is said of seeds nobody has"
    sizes = {"grounded_videollm": 11.4, "vtimellm": 14.0, "momentor": 14.2}
    monkeypatch.setattr(Converted, "gigabytes", property(lambda converted: sizes[converted.recipe]))
    for name in ("momentor", "vtimellm", "grounded_videollm"):  # each is preferred to those before it
        folder = toy(tmp_path, name)
        assert (
            str(best(settings)) == f"auto takes '{name}': {folder} is installed and needs {sizes[name] * 1.25:.0f} GB."
        )
    shutil.rmtree(tmp_path / "grounded_videollm" / "encoder")
    assert best(settings).name == "vtimellm", "what is not whole is passed over"
    assert best(settings.model_copy(update={"gpu_memory_gb": 0.0})).why.startswith("there is no GPU")
    too_small = best(settings.model_copy(update={"gpu_memory_gb": 8.0}))
    assert too_small.name == "shotlog"
    assert "vtimellm needs about 18 GB of GPU memory, and 8 GB may be used." in too_small.why


def test_the_memory_of_a_seed_is_that_of_its_weights_in_half_precision(tmp_path: Path) -> None:
    files = {file: load_file(file) for file in toy(tmp_path, "vtimellm").rglob("*.safetensors")}
    numbers = sum(tensor.numel() for tensors in files.values() for tensor in tensors.values())
    assert len(files) == 3
    assert Converted.open(tmp_path / "vtimellm", "vtimellm").gigabytes == 2 * numbers / 1e9
