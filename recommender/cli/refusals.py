"""How commands refuse: one line on stderr that says what to do, exit code 2, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.exceptions import NoArgsIsHelpError

from recommender.errors import RekindleError


class Refusal(click.ClickException):
    """Something was wrong with what was asked, or with the place it was asked in."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split("\n")))


class Rekindle(click.Group):
    """The top command; whatever its commands name as wrong becomes a `Refusal`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Read the command line."""
        with refusing():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with refusing():
            return super().invoke(ctx)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn every error we name, a command line that cannot be read and a failing disk into a `Refusal`."""
    try:
        yield
    except NoArgsIsHelpError:  # says nothing but the help, which is what was asked for
        raise
    except click.UsageError as error:
        more = "" if error.ctx is None else f" See `{error.ctx.command_path} --help`."
        raise Refusal(f"{error.format_message()}{more}") from error
    except RekindleError as error:
        raise Refusal(str(error)) from error
    except BrokenPipeError:  # whoever read us has had enough; click ends quietly
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise Refusal(f"{place}{error.strerror or error}; put that right and try again.") from error
