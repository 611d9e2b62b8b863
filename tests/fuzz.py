"""``make fuzz``: coverage-guided bytes for everything that reads what strangers send (atheris, libFuzzer).

Whatever the bytes, a reader gives values or one of our errors, and nothing else ever gets out. What made one
crash is written beside, as ``crash-…``, to be made into a test.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Fuzz one target: ``python -m tests.fuzz importers CORPUS -max_total_time=600``."""
    import atheris

    with atheris.instrument_imports(include=["recommender", "api", "icalendar", "yaml"]):
        from tests import fuzzed
    target = {"importers": fuzzed.importers, "parsers": fuzzed.parsers}[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
