"""Contracts ship in the package: their assertions are to be explained as those of tests are."""

import pytest

pytest.register_assert_rewrite("clew.graph.contract", "clew.graph.loom")
