"""Work on batches, shared by threads: numpy lets go of the interpreter where it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Threads:
    """So many threads, kept while this lives: a fit shares work out hundreds of times."""

    def __init__(self, n_jobs: int) -> None:
        self._n_others = n_jobs - 1
        self._pool = ThreadPoolExecutor(max(self._n_others, 1))

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return ``work`` of each item, in their order.

        Whoever is free takes the next item, the caller too, who waits for nobody that has not begun.
        """
        found: dict[int, Result] = {}
        left = iter(enumerate(items))  # its next step is one of the interpreter's, so none is taken twice

        def take() -> None:
            for at, item in left:
                found[at] = work(item)

        others = [self._pool.submit(take) for _ in range(min(self._n_others, len(items) - 1))]
        take()
        for other in others:
            if not other.cancel():
                other.result()
        return [found[at] for at in range(len(items))]
