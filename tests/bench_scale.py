"""``make bench-scale``: a week's plans for everybody, and its pages, from a thousand couples to a million.

One database grows tenfold at a time. At each size everybody is planned for by two processes, and then that
week is asked for over loopback by partners drawn from all of them, one after the other and of one worker:
which of several workers a connection falls to, and how many requests that one has at a time, is chance, and
moves what is answered a second more than a database does. All couples are simulated. Other sizes can
be named: ``python -m tests.bench_scale 1000 20000``. A million take about 16 GB of disk while it runs. What
is measured is printed and kept size by size, so that a run that is stopped leaves what it had.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track
from rich.table import Table

from recommender.domain import Week
from recommender.service import Deployment, Settings, open_deployment
from recommender.service.secret import hashed, new_secret
from recommender.store.access import insert_token, use_token
from recommender.store.engine import transaction
from tests.bench_service import ROUNDS, SECONDS, bare, body_of, load, planned
from tests.crowds import partner_id, settle
from tests.record import record
from tests.serving import served

SIZES = (1_000, 10_000, 100_000, 1_000_000)
WEEKS = tuple(Week(2027, number) for number in range(1, 53))
N_RATED = 10
SHARE = 5_000
N_ASKED = 5_000
JOBS = 2


def crowd(deployment: Deployment, n_couples: int, before: int) -> None:
    """Let couples settle until there are so many."""
    shares = range(before, n_couples, SHARE)
    for first in track(shares, f"Settling {n_couples:,}", console=Console(stderr=True)):
        settle(deployment.engine, min(SHARE, n_couples - first), N_RATED, first=first)


def invited(deployment: Deployment, n_couples: int) -> list[str]:
    """Return tokens of partners of couples drawn from all, each new and used today."""
    now = datetime.now(UTC)
    drawn = random.Random(0).choices(range(n_couples), k=N_ASKED)
    tokens = [new_secret() for _ in drawn]
    with transaction(deployment.engine) as connection:
        for number, token in zip(drawn, tokens, strict=True):
            insert_token(connection, hashed(token), partner_id(number, 1), now)
    for token in tokens:
        use_token(deployment.engine, hashed(token), now.date())
    return tokens


def asked(deployment: Deployment, week: Week, n_couples: int) -> dict[str, float]:
    """Serve the database and return how fast weeks are told that are planned and were told before.

    The bare route is asked in between, since a machine's own pace changes while a million couples settle.
    """
    requests = [(f"/v1/weeks/{week}", token) for token in invited(deployment, n_couples)]
    with served(deployment.settings.home) as it:
        for _ in range(2):  # from the second reading on a week is kept as it was told
            load(it.url, it.process.pid, [requests])
        with bare(body_of(it.url, *requests[0]), workers=1) as (url, server):
            rounds = [
                (
                    load(it.url, it.process.pid, [requests]),
                    load(url, server, [repeat(("/same", ""))], SECONDS),
                )
                for _ in range(ROUNDS)
            ]
    return {
        "weeks told a second": median(told.per_second for told, _ in rounds),
        "of the bare route": median(told.per_second / same.per_second for told, same in rounds),
        "by processor time": median(same.cpu / told.cpu for told, same in rounds),
        "median ms": median(told.median for told, _ in rounds),
    }


def measured(sizes: Sequence[int]) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield each number of couples, from the smallest on, with its figures."""
    settled = 0
    with tempfile.TemporaryDirectory() as home:
        deployment = open_deployment(Settings.from_environment({"REKINDLE_HOME": home}))
        for week, size in zip(WEEKS, sorted(sizes), strict=False):
            crowd(deployment, size, settled)
            figures = planned(deployment, week, size, jobs=JOBS)
            stored = sum(path.stat().st_size for path in Path(home).glob("*.sqlite3*"))
            told = asked(deployment, week, size)
            settled = size
            yield size, {**figures, "kB a couple": stored / size / 1000, **told}


def main() -> None:
    """Print the table and keep it, a row as soon as it is measured."""
    rows = {}
    for size, figures in measured([int(size) for size in sys.argv[1:]] or SIZES):
        rows[f"{size:,} couples"] = figures
        table = Table(title="Simulated couples with ten rated dates each, SQLite, two processes")
        for column in ("", *figures):
            table.add_column(column, justify="right")
        for name, row in rows.items():
            table.add_row(name, *(f"{value:,.4g}" for value in row.values()))
        Console(width=120).print(table)
        record("plan --all and weeks, by couples", rows)


if __name__ == "__main__":
    main()
