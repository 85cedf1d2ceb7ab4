"""Mediafleet: the open control plane for clusters of WebRTC Media Nodes."""

__version__ = "0.1.0"
