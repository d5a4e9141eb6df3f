"""`momentidx library`: copies of the library, and what to do when it is damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, plain
from momentidx.errors import WrongUse

library_app = typer.Typer(no_args_is_help=True, help="Back the library up, bring it back, check it, make it small.")

COUNTED = {
    "footage": "clip", "event": "event", "human_event": "personal caption", "bin_entry": "select", "location": "file",
}  # fmt: skip
"""What of a rebuilt library is told, and what it is called."""


@library_app.command()
def backup(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Where to; without it to the library's folder backups, which keeps the newest ten.",
        ),
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Copy the library's database, also while 'momentidx watch' runs, and check the copy."""
    from momentidx.library.backups import back_up

    setup = set_up(library)
    setup.read().close()
    made = back_up(setup.folder, to and to.absolute())
    typer.echo(f"Wrote {made.stat().st_size / 1e6:,.1f} MB to {plain(made)}.")


@library_app.command("backups")
def list_backups(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the backups that there are, the newest first."""
    from momentidx.library.backups import backups

    for made in backups(set_up(library).folder):
        size = made.stat().st_size
        typer.echo(
            json.dumps({"path": str(made), "bytes": size}) if as_json else f"{size / 1e6:>10,.1f} MB  {plain(made)}"
        )


@library_app.command()
def restore(
    copy: Annotated[Path | None, typer.Argument(metavar="FILE", help="A backup.")] = None,
    newest: Annotated[bool, typer.Option("--newest", help="The newest of 'momentidx library backups'.")] = False,
    library: LibraryOption = None,
) -> None:
    """Put a backup in the place of the library's database, which is moved aside and kept.

    What was indexed since is found and indexed again by the next 'momentidx index' or 'watch'.
    """
    from momentidx.library.backups import backups
    from momentidx.library.damage import restore as put_back

    folder = set_up(library).folder
    if (copy is None) != newest:
        raise WrongUse("Say what to restore: a FILE, or --newest.")
    if copy is None:
        made = backups(folder)
        if not made:
            raise WrongUse(f"There is no backup in {folder}. 'momentidx library rebuild' saves what can be read.")
        copy = made[0]
    aside = put_back(folder, copy.absolute())
    typer.echo(f"Restored {plain(copy)}." + (f" The former database lies in {plain(aside)}." if aside else ""))


@library_app.command()
def rebuild(as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Put the library together anew from what can be read of a damaged one, which is moved aside and kept.

    Captions, ratings and selects of people come first; what is lost of them is looked for in the newest backup.
    What is missing otherwise is made again by the next 'momentidx index' or 'watch'.
    """
    from momentidx.library.damage import rebuild as save

    saved = save(set_up(library).folder)
    if as_json:
        aside = saved.aside and str(saved.aside)
        typer.echo(json.dumps({"rows": saved.rows, "damaged": saved.damaged, "from_backup": saved.from_backup,
                               "aside": aside}))  # fmt: skip
        return
    rows = {table: saved.rows.get(table, 0) + saved.from_backup.get(table, 0) for table in COUNTED}
    typer.echo("Saved " + ", ".join(counted(rows[table], noun) for table, noun in COUNTED.items()) + ".")
    if saved.damaged:
        typer.echo(f"Damaged: {', '.join(saved.damaged)}.")
    if any(saved.from_backup.values()):
        typer.echo("From the newest backup: " + ", ".join(f"{n} of {t}" for t, n in saved.from_backup.items() if n))
    if saved.aside:
        typer.echo(f"The former database lies in {plain(saved.aside)}.")
    typer.echo("Run 'momentidx index' on your folders, or 'momentidx watch', to make what is missing.")


@library_app.command()
def verify(
    copy: Annotated[Path | None, typer.Argument(metavar="FILE", help="A backup; without it, the library.")] = None,
    library: LibraryOption = None,
) -> None:
    """Check all of the library, or of a backup: pages, references, what is to hold of it. Exit code 1 if unsound."""
    from momentidx.library.damage import verified

    setup = set_up(library)
    if copy is None:
        with setup.read() as opened:
            found = list(opened.examine())
    else:
        found = verified(copy.absolute())
    broken = [each for each in found if each.broken]
    for each in broken:
        typer.echo(
            f"{each.about}: {each.holds} Not so in {counted(each.broken, 'case')}. {plain(each.detail)}".rstrip()
        )
    if broken:
        raise typer.Exit(1)
    typer.echo(f"{plain(copy or setup.folder)} is sound.")


@library_app.command()
def compact(library: LibraryOption = None) -> None:
    """Delete pictures that nothing names any more and write the database anew without gaps.

    Not while 'momentidx watch' runs. An older backup may name pictures that are gone then.
    """
    from momentidx.library.compact import compact as make_small

    done = make_small(set_up(library).folder)
    typer.echo(
        f"Database {done.before / 1e6:,.1f} MB before, {done.after / 1e6:,.1f} MB now; "
        f"{counted(done.stills, 'picture')} deleted ({done.still_bytes / 1e6:,.1f} MB)."
    )
