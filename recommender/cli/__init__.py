"""``rekindle …``: tables for people, ``--json`` for programs; stdout is data, stderr is talk.

Exit codes: 0 done, 2 something was wrong with what was asked (one line on stderr says what to do).
"""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from recommender.cli.couples import couples
from recommender.cli.database import db
from recommender.cli.ideas import ideas
from recommender.cli.models import models, retrain
from recommender.cli.simulation import simulate
from recommender.cli.weekly import choose, plan, rate, suggest
from recommender.errors import RekindleError

PLUGINS = "rekindle.commands"
"""Entry points that add commands from outside this package, such as the web service's ``serve``."""


class Rekindle(click.Group):
    """The top command: named errors become one line and exit code 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command and translate what Rekindle names as wrong."""
        try:
            return super().invoke(ctx)
        except RekindleError as error:
            raise click.UsageError(str(error)) from error


@click.group(cls=Rekindle, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rekindle")
def main() -> None:
    """Date ideas for two: a fair weekly plan that learns from both of you."""


for command in (choose, couples, db, ideas, models, plan, rate, retrain, simulate, suggest):
    main.add_command(command)
for plugin in entry_points(group=PLUGINS):
    main.add_command(plugin.load(), plugin.name)
