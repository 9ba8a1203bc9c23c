"""Supervisor: keep programs running as child processes, and end them stage by stage.

No program outlives the supervisor, however that dies (see `api.tether`).
"""

import asyncio
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from api.tether import signal_group, tethered

LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
LONGEST_LINE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: its name for people, its command, all of its environment, and how long it may take to end.

    `descriptors` are open files, such as a listening socket, that the program inherits under their numbers.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace_seconds: float
    descriptors: Sequence[int] = ()


class Observer(Protocol):
    """Hears what the programs do."""

    def said(self, program: Program, line: str) -> None:
        """Hear one line of the program's output, without its end."""
        ...

    def died(self, program: Program, exit_code: int, pause_seconds: float) -> bool:
        """Hear that the program ended unasked. Return whether to start it again after the pause."""
        ...


class Supervisor:
    """Runs every program of every stage; `stages` are in the order in which they are to end."""

    def __init__(
        self, stages: Sequence[Sequence[Program]], observer: Observer, *, first_pause_seconds: float = 1.0
    ) -> None:
        self._stages = [
            [_Ward(program, observer, first_pause_seconds) for program in stage] for stage in stages
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Keep all programs running until `stop` is set, then end each stage before the next.

        A program that dies is started again after a pause that doubles each time, up to 30 seconds, and
        begins anew once it ran for a minute. Each gets SIGTERM, and SIGKILL when its grace is over. On
        return, or when cancelled, none is left.
        """
        try:
            async with asyncio.TaskGroup() as running:
                for ward in self._wards():
                    running.create_task(ward.keep())
                await stop.wait()
                await self._end()
        finally:
            self.kill()

    def kill(self) -> None:
        """End everything at once: no grace, no order."""
        for ward in self._wards():
            ward.kill()

    def _wards(self) -> "list[_Ward]":
        return [ward for stage in self._stages for ward in stage]

    async def _end(self) -> None:
        for stage in self._stages:
            await asyncio.gather(*(ward.end() for ward in stage))


class _Ward:
    """One program in the supervisor's care."""

    def __init__(self, program: Program, observer: Observer, first_pause_seconds: float) -> None:
        self._program = program
        self._observer = observer
        self._first_pause = first_pause_seconds
        self._process: Process | None = None
        self._ending = asyncio.Event()
        self._ended = asyncio.Event()

    async def keep(self) -> None:
        """Run the program, again and again, until `end` or until the observer says that it is enough."""
        pause = self._first_pause / 2
        try:
            while not self._ending.is_set():
                began = time.monotonic()
                exit_code = await self._run_once()
                was_steady = time.monotonic() - began > STEADY_SECONDS
                pause = self._first_pause if was_steady else min(pause * 2, LONGEST_PAUSE_SECONDS)
                await self._rest(exit_code, pause)
        finally:
            self._ended.set()

    async def end(self) -> None:
        """Ask the program to end; kill it when it has not after its grace."""
        self._ending.set()
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._program.grace_seconds):
                await self._ended.wait()
        except TimeoutError:
            self.kill()
            await self._ended.wait()

    def kill(self) -> None:
        """End the program at once."""
        self._ending.set()
        self._signal(signal.SIGKILL)

    async def _run_once(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *tethered(self._program.command),
            env=self._program.environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            limit=LONGEST_LINE_BYTES,
            start_new_session=True,
            pass_fds=self._program.descriptors,
        )
        if self._ending.is_set():  # said while the process was being made
            self._signal(signal.SIGTERM)
        try:
            await self._relay(self._process.stdout)
            return await self._process.wait()
        except asyncio.CancelledError:
            # Not before it is gone and its pipe is closed: nobody comes by later to do so.
            self._signal(signal.SIGKILL)
            await self._process.communicate()
            raise

    async def _relay(self, output: asyncio.StreamReader | None) -> None:
        while output and not output.at_eof():
            with suppress(ValueError):  # a line beyond the limit is dropped
                line = await output.readline()
                if line:
                    self._observer.said(self._program, line.decode(errors="replace").rstrip())

    async def _rest(self, exit_code: int, pause: float) -> None:
        if self._ending.is_set():
            return
        if not self._observer.died(self._program, exit_code, pause):
            self._ending.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._ending.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            signal_group(self._process.pid, number)
