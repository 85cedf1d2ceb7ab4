"""Emulated Media Nodes for laptops and tests: the Kurento protocol on real sockets."""

from mediafleet.emulator.cluster import MAX_NODES, EmulatedCluster, address_of, run_emulator
from mediafleet.emulator.node import EmulatedNode, NodeState
from mediafleet.emulator.settings import EmulatorSettings

__all__ = [
    "MAX_NODES",
    "EmulatedCluster",
    "EmulatedNode",
    "EmulatorSettings",
    "NodeState",
    "address_of",
    "run_emulator",
]
