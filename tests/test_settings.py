"""Settings for single folders, and what is said about settings that are no good."""

from __future__ import annotations

from pathlib import Path

import pytest

from momentidx.config import SETTINGS_FILE, load_settings
from momentidx.errors import WrongUse


def test_the_innermost_folder_decides_and_what_it_does_not_say_stays(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_text(
        'settle_seconds = 3\n[folders."/media"]\npriority = 5\n[folders."/media/cards"]\ncaptioners = []\n'
    )
    settings = load_settings(tmp_path, {}).settings

    def at(path: str) -> tuple[object, ...]:
        own = settings.for_path(Path(path))
        return own.captioners, own.priority, own.settle_seconds

    assert at("/media/cards/a.mov") == ((), 0, 3.0)
    assert at("/media/cardsharp/a.mov") == (("shotlog",), 5, 3.0)
    assert at("/home/a.mov") == (("shotlog",), 0, 3.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a = [1",
            "the settings cannot be read: Unclosed array (at end of document). Correct the file or move it away.",
        ),
        ("\nsetle_seconds = 1", "line 2: there is no setting 'setle_seconds'. Did you mean 'settle_seconds'?"),
        ("settle_seconds = 0", "line 1: 'settle_seconds' = 0 is not accepted: Input should be greater than 0."),
        (
            'settle_seconds = 1\n\n[folders."/a"]\npriority = 1\n[folders."/b"]\nsettle_seconds = -1',
            "line 6: 'folders.\"/b\".settle_seconds' = -1 is not accepted: Input should be greater than 0.",
        ),
        (
            '[folders."/a"]\nsetle = 1',
            "line 2: there is no setting 'setle' for a folder. There are: captioners, priority, settle_seconds.",
        ),
        (
            '[folders."sd"]\npriority = 1',
            "line 1: 'folders' = {'sd': {'priority': 1}} is not accepted: 'sd' is not the whole path of a folder.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_line_and_the_name(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / SETTINGS_FILE).write_text(text)
    with pytest.raises(WrongUse) as refused:
        load_settings(tmp_path, {})
    said = str(refused.value).removeprefix(str(tmp_path / SETTINGS_FILE)).lstrip(":, ")
    assert said == sentence
