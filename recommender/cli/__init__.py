"""``rekindle …``: tables for people, ``--json`` for programs; stdout is data, stderr is talk.

Exit codes: 0 done, 1 ``ideas check`` found a fault or a question was answered with no, 2 something was
wrong with what was asked (one line on stderr says what to do).
"""

from __future__ import annotations

import io
import sys
from importlib.metadata import entry_points

import click

from recommender.cli.couples import couples
from recommender.cli.database import db
from recommender.cli.evaluation import evaluate
from recommender.cli.ideas import ideas
from recommender.cli.models import models, retrain
from recommender.cli.refusals import Rekindle
from recommender.cli.simulation import simulate
from recommender.cli.weekly import choose, keep, mark, plan, rate, suggest

PLUGINS = "rekindle.commands"
"""Entry points that add commands from outside this package, such as the web service's ``serve``."""


@click.group("rekindle", cls=Rekindle, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rekindle")
def main() -> None:
    """Date ideas for two: a fair weekly plan that learns from both of you."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name in letters that the terminal lacks must not end us


for command in (
    choose,
    couples,
    db,
    evaluate,
    ideas,
    keep,
    mark,
    models,
    plan,
    rate,
    retrain,
    simulate,
    suggest,
):
    main.add_command(command)
for plugin in entry_points(group=PLUGINS):
    main.add_command(plugin.load(), plugin.name)
