"""``rekindle evaluate``: recommenders judged on ratings that people gave elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from recommender.cli.output import as_json, print_json, print_table, talk

METRICS = {
    "pairwise_accuracy": "Pairs of ideas in the right order",
    "ndcg_at_5": "NDCG of the first five",
    "roc_auc": "Area under the ROC curve",
    "rmse": "Root mean squared error, in points",
    "log_likelihood": "Mean log-likelihood of a rating, in nats",
    "coverage_90": "Share of ratings in their 90 % intervals",
}
a_file = click.Path(path_type=Path, dir_okay=False)
a_folder = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--ratings", type=a_file, help="CSV: partner_id, idea_id, rating; perhaps couple_id, rated_at.")
@click.option("--ideas", type=a_file, help="CSV: idea_id and columns of numbers.")
@click.option("--partners", type=a_file, help="CSV: partner_id and columns of numbers.")
@click.option("--dataset", help="A public data set instead, such as movielens-small; or simulated.")
@click.option("--folder", type=a_folder, help="Where you unpacked it.")
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    type=click.Choice(["new_partners", "new_ideas", "later", "choices"]),
    help="Whom or what to hold out; again for more. All that the ratings allow, if left out.",
)
@click.option("--models", default="", help="Names, with commas; all that are installed, if left out.")
@click.option("--seeds", type=click.IntRange(1, 100), default=4, show_default=True)
@click.option("--train-partners", type=click.IntRange(1), help="Learn from this many people only.")
@click.option("--ablate", is_flag=True, help="Our model with one term out at a time, too.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option("--out", type=a_folder, required=True, help="Folder for metrics, predictions and pictures.")
@as_json
def evaluate(
    ratings: Path | None,
    ideas: Path | None,
    partners: Path | None,
    dataset: str | None,
    folder: Path | None,
    protocols: tuple[str, ...],
    models: str,
    seeds: int,
    train_partners: int | None,
    ablate: bool,
    jobs: int,
    out: Path,
    as_json: bool,
) -> None:
    """Judge our model beside others on ratings that people gave elsewhere.

    People, ideas or later ratings are held out; a few ratings of each person are revealed (0, 1, 2, 5, 10,
    20), and every model is asked for the rest. Figures are means over people with their standard errors.
    Ratings that are all the same tell only what was chosen; then later choices are held out, to be found
    among what was not chosen.
    """
    from rich.progress import Progress

    from recommender.service import evaluation

    names = tuple(name.strip() for name in models.split(",") if name.strip())
    ask = evaluation.Ask(
        ratings, ideas, partners, dataset, folder, protocols, names, seeds, train_partners, ablate
    )
    with Progress(console=talk(), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("Judging", total=None)
        rows = evaluation.evaluate(
            ask, out, jobs, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if as_json:
        print_json(rows)
        return
    for protocol in dict.fromkeys(str(row["protocol"]) for row in rows):
        for metric, title in METRICS.items():
            lines = evaluation.table_of(rows, protocol, metric)
            if lines:
                steps = evaluation.steps_of(rows, protocol, metric)
                print_table(f"{title} · {protocol.replace('_', ' ')}", ("model", *steps), lines)
