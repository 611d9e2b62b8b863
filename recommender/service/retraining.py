"""One retraining run in a process of its own: ``python -m recommender.service.retraining``.

It says in one line of standard output that it is under way, or why it is not; how far it is, its record says.
"""

from __future__ import annotations

import os
import sys

from recommender.errors import RekindleError
from recommender.learning.runs import Run
from recommender.service.deployment import open_deployment
from recommender.service.models import UNDER_WAY, retrain
from recommender.service.settings import Settings


def main() -> int:
    """Retrain the deployment that the environment names, and return the exit code."""
    begun: list[Run] = []

    def follow(run: Run) -> None:
        if not begun:
            print(UNDER_WAY, flush=True)
        begun.append(run)

    try:
        retrain(open_deployment(Settings.from_environment(os.environ)), follow)
    except RekindleError as error:
        print(error, file=sys.stderr if begun else sys.stdout)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
