"""The real client of OpenLineage, in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def openlineage_python(client_of: Callable[[str, str, str], Path]) -> Path:
    """A Python that holds openlineage-python."""
    return client_of("openlineage", "openlineage-python==1.54.0", "import openlineage.client.event_v2")
