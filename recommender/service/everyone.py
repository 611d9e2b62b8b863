"""The week's plan for every couple: in shards, over processes or a cluster, however often it is run.

A shard is read in a few questions, planned without holding anybody up, and written in one transaction.
Whoever changed something in between is planned anew by themselves. What is written stays, so that a run
that was killed goes on where it was.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from joblib import Parallel, delayed, parallel_config

from recommender.domain import Plan, Week
from recommender.errors import InvalidInput, NotFound
from recommender.service.callers import Caller
from recommender.service.deployment import Deployment, open_deployment, refreshed, set_aside
from recommender.service.hosting import every_couple
from recommender.service.past import Past, read_pasts
from recommender.service.settings import Settings
from recommender.service.weeks import check_week, get_plan, make_plan, standpoint, upcoming_week
from recommender.store import people, plans
from recommender.store.engine import reading, transaction

SHARD = 400
"""Couples that are read, planned and written together: about a second's work."""

CLUSTER_SECONDS = 10
"""How long a cluster's workers may take to be there."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What came of a shard of couples.

    Attributes
    ----------
    made : int
        Plans made now.
    before : int
        Couples that had one.
    paused : int
        Couples who want none.
    """

    made: int
    before: int
    paused: int

    def __add__(self, other: Planned) -> Planned:
        """Return what came of both."""
        return Planned(self.made + other.made, self.before + other.before, self.paused + other.paused)

    @property
    def couples(self) -> int:
        """Return how many couples were seen to."""
        return self.made + self.before + self.paused


def plan_everyone(
    deployment: Deployment, week: Week | None = None, *, jobs: int = 1, cluster: str | None = None
) -> Iterator[Planned]:
    """Make a week's plan for every couple that has none, and yield what came of each shard.

    The plans are the same whichever way they are made, as of the moment this begins.

    Parameters
    ----------
    week : Week or None
        None: the coming week of each couple, where they live.
    jobs : int
        Processes of this machine.
    cluster : str or None
        Address of a Dask scheduler to plan on instead. Its workers open the deployment that their own
        environment names; it must be the same database and models.

    Raises
    ------
    InvalidInput
        If the cluster does not answer, or Dask is not installed; the field is ``--dask``.
    NotFound
        If the week lies centuries off.
    """
    if week is not None:
        check_week(week)
    now = deployment.clock()
    if jobs == 1 and cluster is None:
        set_aside()
        try:
            yield from (plan_shard(deployment, now, week, ids) for ids in every_couple(deployment, SHARD))
        finally:
            gc.unfreeze()
        return
    settings = deployment.settings if cluster is None else None
    with _on_cluster(cluster) if cluster else nullcontext():
        parallel = Parallel(
            n_jobs=jobs if cluster is None else -1,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch="2 * n_jobs",
        )
        yield from parallel(
            delayed(_plan_elsewhere)(settings, now, week, ids) for ids in every_couple(deployment, SHARD)
        )


def plan_shard(
    deployment: Deployment, now: datetime, week: Week | None, couple_ids: Sequence[str]
) -> Planned:
    """Make the plans that some couples lack, as of a moment."""
    deployment = replace(refreshed(deployment), clock=lambda: now)
    with reading(deployment.engine) as connection:
        couples = people.find_couples(connection, couple_ids)
        weeks = {couple.couple_id: week or upcoming_week(now, couple.circumstances) for couple in couples}
        wanting = [c for c in couples if not c.circumstances.paused(weeks[c.couple_id])]
        planned = plans.planned_weeks(connection, couple_ids, set(weeks.values()))
        lacking = [c for c in wanting if (c.couple_id, weeks[c.couple_id]) not in planned]
        pasts = read_pasts(connection, lacking)
    drafts = [
        (past, make_plan(deployment, standpoint(deployment, past, weeks[past.couple.couple_id])))
        for past in pasts
    ]
    seen_to = Planned(made=0, before=len(wanting) - len(lacking), paused=len(couples) - len(wanting))
    return seen_to + _store(deployment, drafts)


def _store(deployment: Deployment, drafts: Sequence[tuple[Past, Plan]]) -> Planned:
    """Store plans, and plan anew for whoever changed anything since; return what came of it."""
    ids = [plan.couple_id for _, plan in drafts]
    with transaction(deployment.engine) as connection:
        couples = people.find_couples(connection, ids, for_update=True)
        held = {past.couple.couple_id: past for past in read_pasts(connection, couples)}
        kept = [plan for past, plan in drafts if held.get(plan.couple_id) == past]
        plans.insert_plans(connection, kept, deployment.clock())
    changed = [plan for past, plan in drafts if held.get(plan.couple_id, past) != past]
    wanting = [p for p in changed if not held[p.couple_id].couple.circumstances.paused(p.week)]
    for plan in wanting:
        with suppress(NotFound):  # they have left meanwhile
            get_plan(deployment, Caller("operator", None, plan.couple_id), plan.week)
    return Planned(made=len(kept) + len(wanting), before=0, paused=len(changed) - len(wanting))


def _plan_elsewhere(
    settings: Settings | None, now: datetime, week: Week | None, couple_ids: Sequence[str]
) -> Planned:
    return plan_shard(_opened(settings or Settings.from_environment(os.environ)), now, week, couple_ids)


@cache
def _opened(settings: Settings) -> Deployment:
    """Return a deployment, opened once in each process."""
    deployment = open_deployment(settings)
    set_aside()
    return deployment


@contextmanager
def _on_cluster(address: str) -> Iterator[None]:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise InvalidInput("--dask", "Dask is not installed; pip install 'rekindle[cluster]'") from None
    try:
        client = Client(address, timeout=CLUSTER_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        raise InvalidInput("--dask", f"no scheduler answers at {address}") from None
    with client, parallel_config(backend="dask", wait_for_workers_timeout=CLUSTER_SECONDS):
        yield
