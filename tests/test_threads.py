"""Work shared by threads comes back in order, and the threads end with whoever held them."""

from __future__ import annotations

import threading

import pytest

from recommender.preferences.threads import Threads


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_results_come_in_order(n_jobs: int) -> None:
    """However many threads."""
    assert Threads(n_jobs).map(lambda number: number**2, range(4)) == [0, 1, 4, 9]


def test_threads_end_with_their_holder() -> None:
    """Who worked for a fit is gone after it, so that a process that forks then has no thread beside it."""
    threads, both = Threads(2), threading.Barrier(2)

    def working(_number: int) -> threading.Thread:
        both.wait(timeout=20)
        return threading.current_thread()

    (worker,) = set(threads.map(working, range(2))) - {threading.current_thread()}
    del threads
    worker.join(timeout=20)
    assert not worker.is_alive()
