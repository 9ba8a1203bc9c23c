"""Reservations: which response an idempotency key stands for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reservation:
    """An idempotency key of a tenant, what was asked under it (as a hash), and the response it led to."""

    tenant: str
    key: str
    request_hash: str
    response_id: str
