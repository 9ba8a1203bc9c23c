"""Every key that hitherto writes into Redis, built here and nowhere else.

An object's id stands in braces, Redis Cluster's hash tag: all keys of one object share a slot. A script of the jobs
touches others, too, so that a cluster cannot hold them yet; docs/scaling.md says what else stands in the way.
"""

PREFIX = "hitherto:"

# Jobs to look after, scored by when (milliseconds of Redis's clock).
WATCH = f"{PREFIX}watch"
# How many jobs ended, by kind and status.
COUNTERS = f"{PREFIX}counters"
# What the keys of all lines of queued jobs begin with; lua/jobs says what they hold.
LINE = f"{PREFIX}line:"
# How many jobs were claimed of late, by line.
PACE = f"{PREFIX}pace"
# Pub/sub channel on which the id of a job is published when it ends.
SIGNALS = f"{PREFIX}signals"
_TOLD = f"{PREFIX}told:"
# Ends of jobs that nobody was told of yet, scored by when to tell of them (milliseconds of Redis's clock).
OUTBOX = f"{PREFIX}outbox"
# The tenants that have webhook endpoints.
HOOKED = f"{PREFIX}hooked"
# Compactions that were made ahead, scored by when each was started (milliseconds of Redis's clock).
AHEAD = f"{PREFIX}ahead"
# The key that seals compaction items where the operator gave none.
ENCRYPTION_KEY = f"{PREFIX}encryption-key"


def record(object_id: str) -> str:
    """Return the key of an object's hash: its state as a job, and its content."""
    return f"{PREFIX}{{{object_id}}}"


def events(object_id: str) -> str:
    """Return the key of a response's stream of events."""
    return f"{record(object_id)}:events"


def told(object_id: str) -> str:
    """Return the pub/sub channel that says when a response's events grow."""
    return f"{_TOLD}{object_id}"


def is_told(name: str) -> bool:
    """Return whether a name is one of these channels."""
    return name.startswith(_TOLD)


def waiters(object_id: str) -> str:
    """Return the key of the set of jobs that wait for this one."""
    return f"{record(object_id)}:waiters"


def derived(owner_id: str) -> str:
    """Return the key of the set of compactions that were made, or used, for a response.

    Of a conversation it is the set of those that were made ahead for its next turn.
    """
    return f"{record(owner_id)}:compactions"


def claimed(owner: str) -> str:
    """Return the key of the id of the job that an owner claimed in the place of another."""
    return f"{PREFIX}claimed:{owner}"


def ring_of(line: str) -> str:
    """Return the key of the sorted set of tenants with jobs that are ready in a line.

    A line is named as its doorbells' list.
    """
    return f"{LINE}ring:{line}"


def queued_in(line: str) -> str:
    """Return the key of the sorted set of all queued jobs of a line."""
    return f"{LINE}queued:{line}"


def ready_in(line: str, tenant: str) -> str:
    """Return the key of the sorted set of a tenant's jobs that are ready in a line."""
    return f"{LINE}ready:{line}:{tenant}"


def deferred_in(line: str, tenant: str) -> str:
    """Return the key of the sorted set of a tenant's jobs in a line that are to be tried later."""
    return f"{LINE}deferred:{line}:{tenant}"


def conversation(conversation_id: str) -> list[str]:
    """Return the keys of a conversation: its record, the order of its items, their bodies, its windows."""
    name = record(conversation_id)
    return [name, f"{name}:items", f"{name}:bodies", f"{name}:windows"]


def whereabouts(item_id: str) -> str:
    """Return the key that holds the id of the response that put an item out."""
    return f"{record(item_id)}:response"


def compactions_of(tenant: str) -> str:
    """Return the key of the sorted set of a tenant's compactions."""
    return f"{PREFIX}{{tenant:{tenant}}}:compactions"


def webhooks_of(tenant: str) -> str:
    """Return the key of the hash of a tenant's webhook endpoints; it is there if the tenant has any."""
    return f"{PREFIX}{{tenant:{tenant}}}:webhooks"


def gate(upstream: str) -> list[str]:
    """Return the keys of an upstream's gate: what is known of it, and the places taken there."""
    name = f"{PREFIX}{{upstream:{upstream}}}"
    return [name, f"{name}:places"]


def reservation(digest: str) -> str:
    """Return the key of the reservation behind an idempotency key, by the digest of tenant and key."""
    return f"{PREFIX}{{idempotency:{digest}}}"


def calibration(digest: str) -> str:
    """Return the key of what was learned of how a model counts, by the digest of its upstream and name."""
    return f"{PREFIX}{{calibration:{digest}}}"
