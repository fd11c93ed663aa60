"""The command run within the tests' own process: for tables of cases, where a process each would take too long."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

from click.testing import CliRunner

from digest.cli import cli
from digest.errors import DigestError
from tests.cli.running import Ran, environment


def inside(home: pathlib.Path, *words: str, given: str = "", extra: Mapping[str, str] | None = None) -> Ran:
    """Run `digest WORDS` with `given` on standard input."""
    seen: dict[str, str | None] = {"DATABASE_URL": None, **environment(home, extra)}
    runner = CliRunner(env=seen)
    result = runner.invoke(cli, list(words), input=given)
    if isinstance(result.exception, DigestError):
        # `digest.cli.main` says it so.
        return Ran(
            code=result.exception.exit_code, out=result.stdout, err=f"{result.stderr}{result.exception}\n"
        )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(code=result.exit_code, out=result.stdout, err=result.stderr)
