"""Bounds of the links."""

from __future__ import annotations

import pytest

from mediafleet.kurento.settings import LinkSettings


def test_reconnecting_follows_the_schedule_of_openvidu():
    settings = LinkSettings()
    pauses = [settings.reconnect_pause(failures) for failures in range(1, 40)]
    assert pauses == [1.0] * 10 + [3.0] * 20 + [10.0] * 9


def test_the_interval_of_a_cpu_measurement_has_a_minimum():
    with pytest.raises(ValueError, match="500"):
        LinkSettings(cpu_interval_ms=499)
