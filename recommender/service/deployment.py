"""Everything a use case needs at hand: settings, database, catalogue, models and a clock."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine
from threadpoolctl import threadpool_limits

from recommender.catalogue.bundled import models_folder
from recommender.catalogue.library import Catalogue, load_catalogue
from recommender.domain import utc_now
from recommender.errors import StoreError
from recommender.learning.registry import PRIOR_VERSION, Registry
from recommender.planning.settings import PlanSettings
from recommender.planning.table import IdeaTable
from recommender.service.serving import Models
from recommender.service.settings import Settings
from recommender.service.shelf import Shelf
from recommender.store import is_current, open_engine, upgrade


@dataclass(frozen=True, slots=True)
class Deployment:
    """One running Rekindle; every use case takes it first.

    Attributes
    ----------
    table : IdeaTable
        The catalogue as the plan sees it.
    models : Models
        What says how much a couple will enjoy an idea: the registry's current model, unless replaced.
    clock : Callable[[], datetime]
        The present moment, aware.
    shelf : Shelf or None
        Where catalogue, table and models came from; None if they never change.
    """

    settings: Settings
    engine: Engine
    catalogue: Catalogue
    table: IdeaTable
    registry: Registry
    models: Models
    plan_settings: PlanSettings
    clock: Callable[[], datetime]
    shelf: Shelf | None = None


def refreshed(deployment: Deployment) -> Deployment:
    """Return the deployment with the imported ideas as they are now: the same one if nothing changed.

    A use case keeps to the deployment it was given, so that catalogue, table and model fit each other to its
    end. Whatever serves for long refreshes before each.
    """
    if deployment.shelf is None:
        return deployment
    stock = deployment.shelf.current(deployment.clock())
    if stock.catalogue is deployment.catalogue:
        return deployment
    return replace(deployment, catalogue=stock.catalogue, table=stock.models.table, models=stock.models)


def open_deployment(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Deployment:
    """Return a deployment that is ready to serve.

    A new or older SQLite database is brought up to date on the way. Any other is left to
    ``rekindle db upgrade``, since several machines may share it.

    Raises
    ------
    StoreError
        If the home folder cannot be made, the database cannot be used, or a newer version made it.
    CatalogueError
        If the catalogue cannot be read.
    """
    catalogue = load_catalogue(settings.catalogue)
    engine = _open_database(settings)
    if not is_current(engine) and engine.dialect.name == "sqlite":
        upgrade(engine)
    # A plan is many small products: with several threads each, they mostly wait for one another
    # (measured: a posterior took 10 times as long on two busy cores).
    threadpool_limits(limits=1, user_api="blas")
    registry = Registry(settings.home / "models", models_folder() / PRIOR_VERSION)
    shelf = Shelf(catalogue, engine, registry)
    stock = shelf.current(clock())
    return Deployment(
        settings=settings,
        engine=engine,
        catalogue=stock.catalogue,
        table=stock.models.table,
        registry=registry,
        models=stock.models,
        plan_settings=PlanSettings(),
        clock=clock,
        shelf=shelf,
    )


def set_aside() -> None:
    """Set what there is by now aside from garbage collection; for processes that plan or serve for a while.

    A catalogue and its models are many objects and none of them is ever garbage; to look at them all stops
    every thread for some 80 ms, again and again.
    """
    gc.collect()
    gc.freeze()


def close_connections(deployment: Deployment) -> None:
    """Close every connection to the database that is not in use; what needs one later opens its own."""
    deployment.engine.dispose()


def _open_database(settings: Settings) -> Engine:
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {settings.home} cannot be made ({error.strerror}); "
            "name another in REKINDLE_HOME, or make it yourself."
        ) from error
    return open_engine(settings.database_url)
