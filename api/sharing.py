"""A server's connections, shared out evenly among its workers.

Workers listen on one socket, and whoever wakes first takes a connection, for as long as the client keeps it.
Left to chance, one worker may end up with all of a few clients while another has nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from multiprocessing.sharedctypes import RawArray
from socket import socket
from time import monotonic
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

AWAY = 2**31 - 1
"""In place of a number of connections: takes none."""

PATIENCE_SECONDS = 0.1
"""How long a connection may wait for whoever has fewest; one that hangs does not come for it."""


class SharingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Leaves a new connection to whichever worker has fewer open.

    Attributes
    ----------
    counts : array of int
        How many connections each worker has open, in memory that all of them share; set by `seated`.
    seat : int
        Whose count is its own.
    """

    counts: Any
    seat: int
    looks, look_at = False, 0.0

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for what happens, new connections included if it is this worker's turn; then see to it."""
        self.counts[self.seat] = self.nr_conns if self.alive else AWAY
        if not self.alive or self._has_fewest():
            self.looks, self.look_at = False, monotonic() + PATIENCE_SECONDS
            super().wait_for_and_dispatch_events(timeout)
            return
        self.looks = monotonic() >= self.look_at
        if self.looks:
            self.look_at = monotonic() + PATIENCE_SECONDS
            super().wait_for_and_dispatch_events(0)
            return
        self.set_accept_enabled(False)
        super().wait_for_and_dispatch_events(min(timeout, PATIENCE_SECONDS))

    def accept(self, listener: socket) -> None:
        """Take a connection, unless another has come to have fewer meanwhile."""
        if self.looks or self._has_fewest():
            super().accept(listener)
            self.counts[self.seat] = self.nr_conns

    def _has_fewest(self) -> bool:
        return bool(self.nr_conns <= min(self.counts))


def seated(n_workers: int) -> Callable[[Arbiter, SharingWorker], None]:
    """Return what gives each worker that is about to begin a seat that no other has."""
    counts = RawArray("i", [AWAY] * n_workers)

    def seat(arbiter: Arbiter, worker: SharingWorker) -> None:
        worker.counts, worker.seat = counts, _free(n_workers, arbiter.WORKERS.values())
        counts[worker.seat] = 0

    return seat


def _free(n_workers: int, others: Iterable[SharingWorker]) -> int:
    taken = {other.seat for other in others}
    # With more of them than it was begun with, some share a seat.
    return next((seat for seat in range(n_workers) if seat not in taken), 0)
