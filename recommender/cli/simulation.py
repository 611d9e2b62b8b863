"""``rekindle simulate``: a made-up year of the whole service, against baselines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommender.cli.output import as_json, print_json, print_table, print_text, talk

if TYPE_CHECKING:
    from recommender.service.simulation import Year

SHOWN_WEEKS = (0, 1, 2, 4, 8, 12, 16, 20, 26, 32, 39, 45, 51)
# Written out, since `--help` must not wait for numpy; a test holds them to what there is.
WORLD_NAMES = ("typical", "similar", "divergent", "one_sided")
POLICY_NAMES = ("random", "popularity", "tag_cosine", "top_k", "rekindle")
RULE_NAMES = (
    "average",
    "average_with_floor",
    "leaning",
    "least_misery",
    "average_without_misery",
    "nash_product",
    "sequential",
    "ep_fuzzda",
)


@click.command()
@click.option("--couples", "n_couples", type=click.IntRange(1), default=200, show_default=True)
@click.option("--weeks", "n_weeks", type=click.IntRange(1, 520), default=52, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option(
    "--world",
    "worlds",
    type=click.Choice(WORLD_NAMES),
    multiple=True,
    default=("typical",),
    show_default=True,
    help="Which couples live there; name it again for more.",
)
@click.option(
    "--policy",
    "policies",
    type=click.Choice((*POLICY_NAMES, *RULE_NAMES)),
    multiple=True,
    default=POLICY_NAMES,
    help="Who plans; name it again for more. A rule's name: our plan under it.  [default: the first five]",
)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Also write JSON here."
)
@as_json
def simulate(
    n_couples: int,
    n_weeks: int,
    seed: int,
    jobs: int,
    worlds: tuple[str, ...],
    policies: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
) -> None:
    """Live a simulated year with every policy, and compare how much couples truly enjoyed it.

    Nobody in it is real: the figures compare policies, they do not promise anything to people.
    """
    if folder is not None:  # before, not after: nobody should wait minutes to hear that there is no room
        folder.mkdir(parents=True, exist_ok=True)
    # Here, not above: scikit-learn and pandas take seconds, and `--help` must not.
    from recommender.service import simulation as town

    console = talk() if sys.stderr.isatty() else None
    years = town.simulate(n_couples, n_weeks, seed, jobs, console, policies, worlds)
    rows = [_row(year) for year in years]
    if folder is not None:
        (folder / "simulation.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    if as_json:
        print_json(rows)
        return
    for world in worlds:
        _show([year for year in years if year.world == world], n_couples, seed)
    print_text("\nSimulated people and dates; compare policies, claim nothing more.", style="dim")


def _row(year: Year) -> dict[str, Any]:
    """Return a year as plain numbers: every measure with its standard error, and enjoyment week by week."""
    from recommender.service.simulation import by_week, measured

    return {
        "world": year.world,
        "policy": year.policy,
        **{name: {"mean": mean, "standard_error": error} for name, (mean, error) in measured(year).items()},
        "enjoyment by week": by_week(year),
        "shown": int(year.n_shown.sum()),
        "infeasible": int(year.n_infeasible.sum()),
        "repeats": int(year.n_repeats.sum()),
    }


def _show(years: list[Year], n_couples: int, seed: int) -> None:
    """Print one world's weeks, its whole year, and how far ahead of each rival the last policy is."""
    from recommender.service.simulation import MEASURES, lead

    rows = [_row(year) for year in years]
    world, last = years[0].world, years[-1]
    weeks = [week for week in SHOWN_WEEKS if week < len(last.felt)]
    print_table(
        f"\nSimulated, {world} couples: mean true enjoyment of chosen dates, 1 to 5 "
        f"({n_couples} couples, seed {seed})",
        ("week", *(year.policy for year in years)),
        [(week, *(row["enjoyment by week"][week] for row in rows)) for week in weeks],
    )
    print_table(
        "\nThe whole year",
        ("policy", *MEASURES, "infeasible", "repeats"),
        [
            (row["policy"], *(row[name]["mean"] for name in MEASURES), row["infeasible"], row["repeats"])
            for row in rows
        ],
    )
    if len(years) > 1:
        print_table(
            f"\nBy how much {last.policy} is ahead, and the standard error of it over couples",
            ("of", *MEASURES),
            [
                (
                    rival.policy,
                    *(f"{ahead:+.3f} ± {error:.3f}" for ahead, error in lead(last, rival).values()),
                )
                for rival in years[:-1]
            ],
        )
