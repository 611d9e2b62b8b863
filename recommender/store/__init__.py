"""The database: the only room that speaks SQL. It knows the domain and nothing else of ours.

Open one with `open_engine`, bring it up to date with `upgrade`, then hand the connection of a
`transaction` (or of `reading`) to the functions of `people`, `access`, `plans`, `dates`, `ratings`,
`responses` and `feedback`. None of those commits: a use case is one transaction.
"""

from recommender.store.engine import open_engine, reading, transaction
from recommender.store.upgrades import is_current, upgrade

__all__ = ["is_current", "open_engine", "reading", "transaction", "upgrade"]
