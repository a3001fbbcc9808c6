"""A real pyspark, in an environment of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def spark_python(client_of: Callable[[str, str, str], Path]) -> Path:
    """A Python that holds pyspark, on a machine that has Java."""
    if shutil.which("java") is None:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail("CI must test Spark: java is missing")
        pytest.skip("java is missing: Spark is not tested")
    return client_of("spark", "pyspark==4.0.1", "import pyspark")
