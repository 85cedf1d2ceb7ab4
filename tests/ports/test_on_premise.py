"""The environment `on_premise`, against the suite of all environments."""

from __future__ import annotations

import pytest

from mediafleet.environments.on_premise import OnPremise
from support.environment_suite import TakingSuite


class _Lab:
    name = "on_premise"

    def make(self) -> OnPremise:
        return OnPremise()


@pytest.fixture
def lab() -> _Lab:
    return _Lab()


class TestOnPremise(TakingSuite):
    """Takes the machines that it is given."""
