"""What Prometheus reads: how fast requests were answered and how they ended, and how the service stands.

Each worker counts for itself; where they share the folder that ``PROMETHEUS_MULTIPROC_DIR`` names, as under
``rekindle serve``, any of them tells the sum.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sqlalchemy import event

from recommender import service
from recommender.errors import NotFound
from recommender.service import Deployment

SHARED = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
EDGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Upper edges of the histogram's buckets, seconds."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What an app counts as it serves."""

    seconds: Histogram
    under_way: Gauge
    connections: Gauge
    registry: CollectorRegistry

    @classmethod
    def new(cls) -> Metrics:
        """Return metrics that start at nothing."""
        registry = CollectorRegistry()
        told = ("method", "route", "status")
        return cls(
            Histogram("rekindle_request_seconds", "Time to answer.", told, buckets=EDGES, registry=registry),
            _gauge("rekindle_requests_under_way", "Requests being answered.", registry),
            _gauge("rekindle_database_connections", "Connections to PostgreSQL in use.", registry),
            registry,
        )


def _gauge(name: str, means: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, means, registry=registry, multiprocess_mode="livesum")


def measure(deployment: Deployment) -> Metrics:
    """Return what an app that serves a deployment counts with."""
    metrics = Metrics.new()
    if deployment.engine.dialect.name == "postgresql":  # SQLite has a connection for whoever wants one
        event.listen(deployment.engine, "checkout", lambda *_: metrics.connections.inc())
        event.listen(deployment.engine, "checkin", lambda *_: metrics.connections.dec())
    return metrics


def exposition(metrics: Metrics, deployment: Deployment) -> bytes:
    """Return everything in Prometheus's text format."""
    registry = metrics.registry
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    standing = CollectorRegistry()
    standing.register(_Standing(deployment))
    return generate_latest(registry) + generate_latest(standing)


def forget_worker(pid: int) -> None:
    """Let what a worker that ended was about to answer be under way no more."""
    if SHARED in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


class _Standing:
    """What is asked of the deployment only when somebody reads it."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def collect(self) -> Iterator[Metric]:
        """Yield how the deployment stands; what cannot be told now is left out."""
        failing = service.failing_parts(self.deployment)
        yield GaugeMetricFamily("rekindle_ready", "1 if all can be used.", value=float(not failing))
        if "model" not in failing:
            version = InfoMetricFamily("rekindle_model", "The model that serves.")
            version.add_metric((), {"version": self.deployment.models.ready()})
            yield version
        with suppress(NotFound):
            run = GaugeMetricFamily("rekindle_retraining", "1 at what the latest run is.", labels=("state",))
            run.add_metric((service.latest_run(self.deployment).state,), 1)
            yield run
        if "database" in failing:
            return
        pace = service.pace(self.deployment)
        for name, means, value in (
            ("couples", "Couples there are.", pace.couples),
            ("plans_last_hour", "Plans made in the last hour, by whichever process.", pace.plans),
            ("ratings_last_hour", "Ratings given or changed in the last hour.", pace.ratings),
        ):
            yield GaugeMetricFamily(f"rekindle_{name}", means, value=value)
