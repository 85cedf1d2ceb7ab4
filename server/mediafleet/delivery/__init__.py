"""Readers of the events: each passes them on, in order, from a durable position of its own."""

from mediafleet.delivery.cdr import CdrFiles, CdrSettings, CdrWriter

__all__ = ["CdrFiles", "CdrSettings", "CdrWriter"]
