"""Ports: what the use cases need from the outside, one Protocol per outside thing.

The docstring of a port is its specification; its contract test checks each sentence on every adapter.
"""

from shared.ports.compactions import (
    Checkpoints,
    CompactionRecords,
    Compactions,
    Parts,
    Sealer,
    UndoneCompactions,
)
from shared.ports.jobs import Bell, EventLog, Jobs, Progress, Signals
from shared.ports.models import Calibration, Gates, ProviderCompaction, TokenCounter, Upstream
from shared.ports.responses import ConversationItems, Conversations, Reservations, Responses
from shared.ports.storage import Storage
from shared.ports.webhooks import Deliveries, WebhookEndpoints, WebhookSender

__all__ = [
    "Bell",
    "Calibration",
    "Checkpoints",
    "CompactionRecords",
    "Compactions",
    "ConversationItems",
    "Conversations",
    "Deliveries",
    "EventLog",
    "Gates",
    "Jobs",
    "Parts",
    "Progress",
    "ProviderCompaction",
    "Reservations",
    "Responses",
    "Sealer",
    "Signals",
    "Storage",
    "TokenCounter",
    "UndoneCompactions",
    "Upstream",
    "WebhookEndpoints",
    "WebhookSender",
]
