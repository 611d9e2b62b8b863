"""``rekindle serve``: the web service, for real or as a demo."""

from __future__ import annotations

import os
from shutil import rmtree
from tempfile import mkdtemp

import click
from rich.console import Console

from recommender import service
from recommender.service import Deployment, Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer."
)
@click.option("--demo", is_flag=True, help="Serve a demo couple from a database of its own.")
def serve(host: str, port: int, workers: int, demo: bool) -> None:
    """Serve the pages and the API."""
    settings = service.Settings.from_environment(os.environ)
    console = Console(highlight=False)
    url = f"http://{host}:{port}"
    if demo:
        deployment, hint = _demo(settings, url, console)
    else:
        deployment, hint = service.open_deployment(settings), f"Serving on {url}"
    # Where the workers count together; what counts reads the variable as it is imported.
    counted = os.environ["PROMETHEUS_MULTIPROC_DIR"] = mkdtemp(prefix="rekindle-")

    from api.app import create_app
    from api.server import serve as run

    app = create_app(deployment)
    service.close_connections(deployment)  # each worker opens its own
    run(
        app,
        host,
        port,
        workers=workers,
        on_ready=lambda: console.print(hint, soft_wrap=True, markup=False),
        on_end=lambda: rmtree(counted),
    )


def _demo(settings: Settings, url: str, console: Console) -> tuple[Deployment, str]:
    """Show the demo couple's week; return what serves it, and how to see more."""
    from recommender.cli.weekly import show_week

    deployment, caller = service.open_demo(settings)
    view = service.get_week(deployment, caller, service.coming_week(deployment, caller))
    console.print("The demo couple, Robin and Sam: made up, with four past dates.\n", style="dim")
    show_week(deployment, view)
    token = service.demo_token(deployment, view.plan.couple_id)
    address = f"{url}/v1/weeks/{view.plan.week}"
    return deployment, (
        f"\nServing on {url}. See it as Robin does: open {url}/sign-in and enter the key\n  {token}\n"
        f'or ask the API:\n  curl -H "Authorization: Bearer {token}" {address}'
    )
