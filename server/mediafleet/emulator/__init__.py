"""Kurento-speaking Media Nodes for laptops and tests: real sockets, no media."""

from mediafleet.clock import Clock
from mediafleet.emulator.addresses import MAX_NODES, address_of
from mediafleet.emulator.cluster import EmulatedCluster
from mediafleet.emulator.control import ControlClient, ControlError
from mediafleet.emulator.node import EmulatedNode
from mediafleet.emulator.node_state import NodeState
from mediafleet.emulator.running import run_emulator
from mediafleet.emulator.settings import EmulatorSettings

__all__ = [
    "MAX_NODES",
    "Clock",
    "ControlClient",
    "ControlError",
    "EmulatedCluster",
    "EmulatedNode",
    "EmulatorSettings",
    "NodeState",
    "address_of",
    "run_emulator",
]
