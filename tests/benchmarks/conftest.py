"""The benchmarks are scripts that import each other: their folder is where they look."""

import sys

from tests.conftest import REPOSITORY

sys.path.append(str(REPOSITORY / "benchmarks"))
