"""Wrong use and failures: one clear sentence, the right exit code, no traceback."""

import json
from pathlib import Path

import pytest

from tests.e2e.command import run


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["index", "/no/such/folder"], 2, "/no/such/folder: there is no such file or folder."),
        (["watch", "/no/such/folder"], 2, "/no/such/folder: there is no such folder."),
        (["find", "a red ball"], 1, "Nothing is indexed yet in "),
        (["events", "clip.mov"], 1, "Nothing is indexed yet in "),
        (["status"], 1, "Nothing is indexed yet in "),
        (["footage", "list"], 1, "Nothing is indexed yet in "),
        (["find", "a red ball", "--limit", "0"], 2, "Input should be greater than or equal to"),
        (["find", "a red ball", "--colour"], 2, "No such option: --colour"),
        (["export", "-q", "a", "-o", "cut.docx"], 2, "cut.docx: the ending picks the format"),
        (["fnd"], 2, "No such command 'fnd'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_answered_in_one_sentence(tmp_path: Path, arguments: list[str], code: int, sentence: str) -> None:
    done = run(*arguments, MOMENTIDX_LIBRARY=str(tmp_path / "library"))
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in " ".join(done.stderr.replace("│", " ").split())


def test_reading_commands_leave_no_library_behind(tmp_path: Path) -> None:
    run("status", "--library", tmp_path / "library")
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("settle_seconds = -1", "'settle_seconds' = -1 is not accepted: Input should be greater than 0"),
        ("captioner = 'x'", "there is no setting 'captioner'. Did you mean 'captioners'?"),
        ("settle_seconds = ", "the settings cannot be read"),
    ],
)
def test_a_bad_settings_file_is_named_with_what_is_accepted(tmp_path: Path, toml: str, sentence: str) -> None:
    (tmp_path / "momentidx.toml").write_text(toml)
    done = run("config", "show", "--library", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"momentidx: {tmp_path / 'momentidx.toml'}")
    assert sentence in done.stderr


def test_settings_say_where_they_come_from(tmp_path: Path) -> None:
    (tmp_path / "momentidx.toml").write_text("settle_seconds = 2\nfind_limit = 4")
    done = run("config", "show", "--json", "--library", tmp_path, MOMENTIDX_FIND_LIMIT="7", MOMENTIDX_IGNORE=".*, *.x")
    rows = {row["setting"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["settle_seconds"] == {
        "setting": "settle_seconds",
        "value": 2.0,
        "from": str(tmp_path / "momentidx.toml"),
    }
    assert rows["find_limit"] == {"setting": "find_limit", "value": 7, "from": "MOMENTIDX_FIND_LIMIT"}
    assert rows["ignore"] == {"setting": "ignore", "value": [".*", "*.x"], "from": "MOMENTIDX_IGNORE"}
    assert rows["embedder"] == {"setting": "embedder", "value": "minilm", "from": "default"}


def test_an_unknown_captioner_is_named_with_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "footage").mkdir()
    done = run("index", tmp_path / "footage", "--library", tmp_path / "library", MOMENTIDX_CAPTIONERS="shotlgo")
    assert (done.returncode, done.stderr) == (
        2,
        "momentidx: There is no 'shotlgo' among the captioners (installed: auto, endpoint, grounded_videollm, "
        "momentor, scripted, shotlog, tiny, transformers, vtimellm).\n",
    )


def test_a_file_as_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = run("status", "--library", tmp_path / "file")
    assert (done.returncode, done.stderr) == (
        2,
        f"momentidx: {tmp_path / 'file'} is a file; --library takes a folder.\n",
    )
