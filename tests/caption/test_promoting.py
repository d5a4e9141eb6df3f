"""A model is asked in another's place only after it was measured, and the former one comes back at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from momentidx.config import Settings
from momentidx.errors import WrongUse
from momentidx.hooks import choose
from tests.caption.toy_seeds import toy
from typer_app import app

NAME = "vtimellm"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOMENTIDX_MODELS_FOLDER", str(tmp_path / "models"))
    return tmp_path / "models"


def candidate(folder: Path, says: str) -> tuple[Path, Path]:
    """A converted model, and a report as `eval run` writes one of it."""
    model = toy(folder, NAME, says)
    version = choose("captioners", NAME).make(Settings(models_folder=folder)).version
    told = {"benchmark": "mine", "captioner": NAME, "captioner_version": version, "queries": 3, "figures": {"mIoU": 50}}
    (folder / "report.json").write_text(json.dumps(told))
    return model, folder / "report.json"


def promote(model: Path, report: Path) -> Result:
    return CliRunner().invoke(app, ["models", "promote", str(model), "--report", str(report)])


def asked(models: Path) -> str:
    return choose("captioners", NAME).make(Settings(models_folder=models)).version


@pytest.mark.slow
def test_the_measured_model_is_asked_and_the_former_one_comes_back(tmp_path: Path, models: Path) -> None:
    one, other = candidate(tmp_path / "one", "one"), candidate(tmp_path / "other", "other")
    versions = [json.loads(report.read_text())["captioner_version"] for _, report in (one, other)]
    assert versions[0] != versions[1]
    done = promote(*one)
    assert done.exit_code == 0, done.output
    assert "To go back: momentidx models rollback vtimellm" in done.output
    assert asked(models) == versions[0]
    assert promote(*other).exit_code == 0
    assert asked(models) == versions[1]
    assert json.loads((models / NAME / "evaluation.json").read_text())["figures"] == {"mIoU": 50}
    for version in (versions[0], versions[1]):
        assert CliRunner().invoke(app, ["models", "rollback", NAME]).exit_code == 0
        assert asked(models) == version
    assert sorted(path.name for path in models.iterdir()) == ["vtimellm", "vtimellm.former"]


def test_without_a_report_of_just_this_model_nothing_changes(tmp_path: Path, models: Path) -> None:
    model, report = candidate(tmp_path / "one", "one")
    told = json.loads(report.read_text())
    for changed, sentence in (
        ({"captioner_version": "other"}, "measured version other of 'vtimellm', and"),
        ({"captioner": "momentor"}, "measured 'momentor', and"),
        ({"queries": 0}, "does not say queries"),
    ):
        report.write_text(json.dumps(told | changed))
        refused = promote(model, report)
        assert isinstance(refused.exception, WrongUse)
        assert sentence in str(refused.exception)
    manifest = json.loads((model / "manifest.json").read_text())
    (model / "manifest.json").write_text(json.dumps(manifest | {"recipe": "../elsewhere"}))
    report.write_text(json.dumps(told | {"captioner": "../elsewhere"}))
    assert "There is no '../elsewhere' among the captioners" in str(promote(model, report).exception)
    report.unlink()
    assert "cannot be read" in str(promote(model, report).exception)
    assert not models.exists() or list(models.iterdir()) == []


@pytest.mark.usefixtures("models")
def test_a_model_that_was_changed_is_not_taken_and_there_may_be_no_former_one(tmp_path: Path) -> None:
    model, report = candidate(tmp_path / "one", "one")
    (model / "parts.safetensors").write_bytes(b"other")
    assert "parts.safetensors is missing or was changed" in str(promote(model, report).exception)
    assert "There is no former model" in str(CliRunner().invoke(app, ["models", "rollback", NAME]).exception)


@pytest.mark.slow
def test_a_process_that_died_between_two_renames_loses_no_model(tmp_path: Path, models: Path) -> None:
    model, report = candidate(tmp_path / "one", "one")
    assert promote(model, report).exit_code == 0
    version = asked(models)
    for died in (f"{NAME}.former", f".{NAME}.former"):  # in 'promote', and in 'rollback'
        (models / NAME).replace(models / died)
        if died.startswith("."):
            shutil.copytree(models / died, models / f"{NAME}.former")
        assert CliRunner().invoke(app, ["models", "rollback", NAME]).exit_code == 0
        assert asked(models) == version
