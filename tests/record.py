"""Where benchmarks are kept: ``docs/benchmarks.json``, each with the machine and the day it ran on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

RECORD = Path(__file__).parent.parent / "docs" / "benchmarks.json"
CPU = Path("/proc/cpuinfo")


def machine() -> dict[str, object]:
    """Return what figures depend on: processor, cores and Python."""
    lines = (line.partition(": ") for line in CPU.read_text().splitlines())
    names = [value for name, _, value in lines if name.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def record(name: str, figures: Mapping[str, Mapping[str, float]], path: Path = RECORD) -> None:
    """Write one benchmark's figures in place of those of its last run; the others stay.

    Parameters
    ----------
    figures : Mapping[str, Mapping[str, float]]
        For each thing that was measured its figures, by names that say the unit.
    """
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # To four digits: more would say that they come out so again.
    rounded = {
        what: {unit: float(f"{value:.4g}") for unit, value in row.items()} for what, row in figures.items()
    }
    kept[name] = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "figures": rounded}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
