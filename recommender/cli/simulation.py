"""``rekindle simulate``: a made-up year of the whole service, against baselines."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from recommender.cli.output import as_json, print_json, print_table, print_text, talk


@click.command()
@click.option("--couples", "n_couples", type=click.IntRange(1), default=200, show_default=True)
@click.option("--weeks", "n_weeks", type=click.IntRange(1, 520), default=52, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Also write JSON here."
)
@as_json
def simulate(n_couples: int, n_weeks: int, seed: int, jobs: int, folder: Path | None, as_json: bool) -> None:
    """Live a simulated year with every policy, and compare how much couples truly enjoyed it.

    Nobody in it is real: the figures compare policies, they do not promise anything to people.
    """
    if folder is not None:  # before, not after: nobody should wait minutes to hear that there is no room
        folder.mkdir(parents=True, exist_ok=True)
    # Here, not above: scikit-learn and pandas take seconds, and `--help` must not.
    from recommender.service import simulation as town

    results = town.simulate(n_couples, n_weeks, seed, jobs, talk() if sys.stderr.isatty() else None)
    if folder is not None:
        (folder / "simulation.json").write_text(
            json.dumps([asdict(r) for r in results], indent=1), encoding="utf-8"
        )
    if as_json:
        print_json(results)
        return
    weeks = [week for week in (0, 1, 2, 4, 8, 12, 16, 20, 26, 32, 39, 45, 51) if week < n_weeks]
    by = {(r.policy, r.week): r for r in results}
    print_table(
        f"Simulated: mean true enjoyment of chosen dates (1 to 5), {n_couples} couples, seed {seed}",
        ("week", *town.POLICIES),
        [(week, *(by[policy, week].enjoyment for policy in town.POLICIES)) for week in weeks],
    )
    print_table(
        "\nThe whole year",
        ("policy", "enjoyment", "less satisfied", "dates", "infeasible", "repeats in 12 weeks"),
        [town.year_row(results, policy) for policy in town.POLICIES],
    )
    print_text("\nSimulated people and dates; compare policies, claim nothing more.", style="dim")
