"""The pure core: statuses, decisions, events and ports; no I/O, no framework, no clock."""
