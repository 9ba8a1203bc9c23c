"""Ports to compactions: their jobs, their portions, their records, and their seal."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from shared.compactions import CompactionJob, CompactionRecord, CompactionResult, CompactionState
from shared.lifecycle import JobStatus, Lease
from shared.summaries import Portion, Summary
from shared.window.undone import Replaced


class UndoneCompactions(Protocol):
    """Which compactions stand for nothing any more."""

    async def undone(self, compaction_ids: Sequence[str]) -> dict[str, Replaced | None]:
        """Return those of these that were undone, and what each stood for; all live on, in one round trip."""
        ...


class Compactions(UndoneCompactions, Protocol):
    """Compaction jobs and their results."""

    async def enqueue(self, job: CompactionJob) -> bool:
        """Store the job as queued and ring for it; False when it exists: then join that one.

        A failed job is forgotten after a minute, so that later turns try again. Raises TooManyRequests.
        """
        ...

    async def share(self, compaction_id: str, response_id: str) -> None:
        """Have a compaction that is there already removed with this response, too."""
        ...

    async def load_job(self, lease: Lease) -> CompactionJob:
        """Return the job behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def state(self, compaction_id: str) -> CompactionState | None:
        """Return where a compaction stands, or None when it is unknown."""
        ...

    async def statuses(self, compaction_ids: Sequence[str]) -> list[JobStatus | None]:
        """Return where each of these compactions stands, in one round trip; None for one unknown or undone."""
        ...

    async def forget_transient(self, compaction_id: str) -> None:
        """Remove a compaction that was made for a turn that is not stored; others stay."""
        ...

    async def hurry(self, compaction_id: str) -> None:
        """Have a compaction that was made ahead done before those that nobody waits for."""
        ...

    async def note_use(self, compaction_id: str, *, in_time: bool) -> None:
        """Note that a turn uses a compaction that was made ahead, and whether it was ready; the first one counts.

        Nothing is noted of one that somebody needed from the beginning.
        """
        ...

    async def supersede(self, compaction_ids: Sequence[str]) -> None:
        """Give up compactions that were made ahead and that nobody has used: others took their place.

        One that has not ended is cancelled, unless somebody waits for it by now. One that is ready stays.
        """
        ...

    async def supersede_made_for(self, owner_ids: Sequence[str], *, but: Collection[str] = ()) -> None:
        """Give up what was made ahead for these responses or conversations and nobody has used, `but` these.

        As `supersede` does. Of a conversation nothing is known any more after that.
        """
        ...

    async def finish(self, lease: Lease, job: CompactionJob, result: CompactionResult) -> None:
        """Publish the result and drop the history that it replaces. Raises LeaseLost."""
        ...

    async def fail(self, lease: Lease, message: str) -> None:
        """End the job as failed; the history stays as it was with whoever has it. Raises LeaseLost."""
        ...


class Checkpoints(Protocol):
    """What the attempts at one compaction have paid for: the summaries of its portions, by the portions' names.

    They go when the compaction ends, however it ends.
    """

    async def load(self, names: Sequence[str]) -> dict[str, Summary]:
        """Return those of these summaries that were kept, in one round trip."""
        ...

    async def keep(self, name: str, summary: Summary) -> None:
        """Keep a portion's summary; the first one wins. Raises LeaseLost."""
        ...

    async def spread(self, portions: Mapping[str, Portion]) -> dict[str, Summary]:
        """Have each of these, by name, summarised by a job of its own where it has none yet. Raises LeaseLost.

        Returns those that came to nothing, each without a text and with its reason.
        """
        ...


class Parts(Protocol):
    """Portions that are jobs of their own."""

    def checkpoints(self, lease: Lease) -> Checkpoints:
        """Return what is kept for the compaction behind a lease."""
        ...

    async def load(self, lease: Lease) -> Portion:
        """Return the portion behind a lease. Raises LeaseLost when it is gone."""
        ...

    async def finish(self, lease: Lease, summary: Summary) -> None:
        """Keep the summary with the compaction, which goes on after its last part. Raises LeaseLost."""
        ...

    async def fail(self, lease: Lease, message: str) -> None:
        """End a part without a summary; its compaction tells why. Raises LeaseLost."""
        ...


class CompactionRecords(Protocol):
    """The accounts of compactions. What belongs to another tenant does not exist."""

    async def load(self, compaction_id: str, tenant: str) -> CompactionRecord:
        """Return the full account of a compaction. Raises NotFound."""
        ...

    async def page(
        self, tenant: str, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[list[CompactionRecord], bool]:
        """Return up to `limit` records after the one named, and whether there are more.

        They come without items and texts. Raises InvalidRequest for an `after` that is not among them.
        """
        ...

    async def undo(self, compaction_id: str, tenant: str) -> CompactionRecord:
        """Mark a compaction as undone and return it; again changes nothing.

        Raises NotFound, or InvalidRequest for one that is not completed, or that its client holds alone.
        """
        ...

    async def tenants(self) -> list[str]:
        """Return the tenants that have compactions."""
        ...

    async def owner(self, object_id: str) -> str:
        """Return the tenant of a compaction, a response or a conversation. Raises NotFound."""
        ...


class Sealer(Protocol):
    """Authenticated encryption of what a client keeps for us."""

    def seal(self, payload: bytes, *, tenant: str, kind: str) -> str:
        """Return URL-safe text that only `unseal` with the same tenant and kind can open."""
        ...

    def unseal(self, sealed: str, *, tenant: str, kind: str) -> bytes:
        """Return the payload. Raises InvalidSeal when it is not ours, not this tenant's, or was changed."""
        ...
