"""Readers of the events: each passes them on, in order, from a durable position of its own."""

from mediafleet.delivery.cdr import CdrFiles, CdrSettings, CdrWriter
from mediafleet.delivery.receiver import Delivery, WebhookSettings
from mediafleet.delivery.statistics import Statistics, StatisticsSettings
from mediafleet.delivery.webhook import Webhook

__all__ = [
    "CdrFiles",
    "CdrSettings",
    "CdrWriter",
    "Delivery",
    "Statistics",
    "StatisticsSettings",
    "Webhook",
    "WebhookSettings",
]
