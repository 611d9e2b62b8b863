"""``make lighthouse``: what Lighthouse says of a couple's week, on a phone and on a desk.

For developers: it comes from npm's registry, pinned, and drives Debian's Chromium. It fails where the page
falls short of what it is held to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import browsing
from tests.serving import served

LIGHTHOUSE = "lighthouse@12.8.2"
LEAST = {"accessibility": 100, "best-practices": 100, "performance": 95}
DEVICES = {"phone": "--form-factor=mobile", "desktop": "--preset=desktop"}


def scores(url: str, cookie: str, device: str) -> dict[str, int]:
    """Return the score of each category, of 100."""
    said = subprocess.run(
        [
            *("npx", "--yes", LIGHTHOUSE, url, device, "--quiet", "--output=json"),
            f"--only-categories={','.join(LEAST)}",
            f"--extra-headers={json.dumps({'Cookie': cookie})}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
            "--no-enable-error-reporting",
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "CHROME_PATH": str(browsing.chromium())},
    )
    found = json.loads(said.stdout)["categories"]
    return {name: round(100 * found[name]["score"]) for name in LEAST}


def main() -> None:
    """Print the scores beside what is the least."""
    with tempfile.TemporaryDirectory() as home, served(Path(home) / "h") as it:
        with browsing.browser() as chrome:
            page = chrome.new_page()
            browsing.begin(page, it.url, "Ana")
            cookie = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
        found = {name: scores(f"{it.url}/week", cookie, device) for name, device in DEVICES.items()}
    table = Table("the week page", *DEVICES, "at least")
    for category, least in LEAST.items():
        table.add_row(category, *(str(found[name][category]) for name in DEVICES), str(least))
    Console().print(table)
    sys.exit(any(found[name][category] < LEAST[category] for name in found for category in LEAST))


if __name__ == "__main__":
    main()
