"""What `--help` shows, and the folders that commands make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperArgument, TyperOption
from typer.testing import CliRunner

from momentidx.errors import MomentidxError
from typer_app import app, command


def contexts(of: typer.Context) -> Iterator[typer.Context]:
    """Of every command and group."""
    yield of
    for each in getattr(of.command, "commands", {}).values():
        yield from contexts(typer.Context(each, parent=of))


def test_arguments_are_named_in_capitals_and_flags_have_no_type() -> None:
    whole = command()
    for context in contexts(typer.Context(whole)):
        assert context.command.help
        for parameter in context.command.get_params(context):
            if isinstance(parameter, TyperArgument):
                assert re.fullmatch(r"[A-Z_|]+", parameter.metavar or ""), (context.command_path, parameter.name)
            elif isinstance(parameter, TyperOption) and parameter.is_flag:
                assert parameter.display_type_rich(context) == "", (context.command_path, parameter.name)


@pytest.mark.parametrize("short", ["-h", "--help"])
def test_help_is_asked_for_in_two_ways_everywhere(short: str) -> None:
    for path in ([], ["find"], ["library", "restore"]):
        shown = CliRunner().invoke(app, [*path, short])
        assert (shown.exit_code, "Usage: " in shown.stdout) == (0, True)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "file")])
    assert type(done.exception) is MomentidxError
    assert str(done.exception) == (
        f"{tmp_path / 'file' / 'footage'}: the folder cannot be made: Not a directory. Choose another."
    )
