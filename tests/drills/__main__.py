"""`python -m tests.drills [NAME...]`: runs the drills and reports; exits with 1 where one failed."""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
import time
import traceback

from tests.drills.drills import DRILLS
from tests.drills.report import Drill, Report, lines_of


def main() -> int:
    """Run what was asked for; return the exit code."""
    names = {drill.name: drill for drill in DRILLS}
    parser = argparse.ArgumentParser(prog="make drills", description="Breaks things, and says what happens.")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *names], help="default: all")
    parser.add_argument("--list", action="store_true", help="say which drills there are")
    given = parser.parse_args()
    if given.list:
        for drill in DRILLS:
            print(f"{drill.name:<18} {drill.title}")
        return 0
    chosen = [names[name] for name in given.names] or list(DRILLS)
    failed = [drill.name for number, drill in enumerate(chosen, 1) if not _run(drill, number, len(chosen))]
    print(f"{len(chosen)} drills, {len(failed)} failed{': ' if failed else ''}{', '.join(failed)}.")
    return 1 if failed else 0


def _run(drill: Drill, number: int, count: int) -> bool:
    print(f"[{number}/{count}] {drill.name} ...", file=sys.stderr, flush=True)
    report, begin = Report(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mujaz-drill-") as folder:
        try:
            drill.run(pathlib.Path(folder), report)
        except Exception:
            report.wrong.append(f"the drill broke off: {traceback.format_exc(limit=-3)}")
    print("\n".join(lines_of(drill, report, time.monotonic() - begin)), end="\n\n", flush=True)
    return report.passed


if __name__ == "__main__":
    sys.exit(main())
