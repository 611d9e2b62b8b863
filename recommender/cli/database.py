"""The database: upgrade, back up, restore."""

from __future__ import annotations

from pathlib import Path

import click

from recommender.cli.opening import open_here, settings_here
from recommender.cli.output import print_text


@click.group()
def db() -> None:
    """The database: upgrade, back up, restore."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version's tables."""
    from recommender import service

    service.upgrade_database(open_here())
    print_text("The database is up to date.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy the database to FILE while it is in use, and check the copy.

    PostgreSQL is copied with its own pg_dump and read back with pg_restore, which must be on the PATH.
    """
    from recommender import service

    service.backup_database(open_here(), file)
    print_text(f"Copied to {file}.")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.confirmation_option(prompt="Replace everything in the database by this copy?")
def restore(file: Path) -> None:
    """Replace the database by a copy made with backup.

    The copy must be sound and of this version, or nothing changes. A damaged file of SQLite is kept beside
    the restored one, with ".damaged" at the end of its name.
    """
    from recommender import service

    # Not through a deployment: a damaged database cannot be opened, and is what brings people here.
    service.restore_database(settings_here(), file)
    print_text(f"Restored from {file}.")
