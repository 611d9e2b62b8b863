"""Every failure that Rekindle names. Raised deep, translated once at the edge (CLI, HTTP).

Each message says what is wrong and what to do; none carries private text.
"""


class RekindleError(Exception):
    """Any failure we name; ``str(error)`` is one line fit for a person."""


class InvalidInput(RekindleError):
    """A value that someone sent is not usable.

    Parameters
    ----------
    field : str
        Where it stood, such as ``answers.tonight``.
    problem : str
        What is wrong and what would be right.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotFound(RekindleError):
    """There is no such thing, or it is not theirs to see."""


class Conflict(RekindleError):
    """The request does not fit the state things are in."""


class Busy(Conflict):
    """The same request is being worked on right now; ask again in a moment."""


class NotAllowed(RekindleError):
    """The caller is known but may not do this."""


class Unauthenticated(RekindleError):
    """No token, or one that is not valid."""


class CatalogueError(RekindleError):
    """The catalogue or taxonomy cannot be read; the message names file, idea and field."""


class ModelError(RekindleError):
    """A model file is missing, corrupt or does not fit; the message names it and the remedy."""


class StoreError(RekindleError):
    """The database cannot be used now: locked, read-only, unreachable or not upgraded."""


class Interrupted(StoreError):
    """The database undid a change for another one's sake; done again, it will most likely go through."""
