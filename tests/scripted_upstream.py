"""A model provider that says what a script tells it: a real HTTP server with OpenAI's endpoints.

In a test:           with ScriptedUpstream(in_turn(Reply("Hello"))) as upstream: ... upstream.base_url
Beside a process:    python tests/scripted_upstream.py --port 9000

Without a script the model's name says what happens; see `reply_to_model`.
"""

import argparse
import asyncio
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

if __name__ == "__main__":
    # A script's own folder is on the path, the checkout is not.
    sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.scripted_frames import (
    Frame,
    Frames,
    Whole,
    chat_completion,
    chat_frames,
    compaction,
    no_frames,
    response,
    response_frames,
)
from tests.scripted_replies import Call, Json, Reply, Script, in_turn, reply_to_model

__all__ = ["Call", "Json", "Reply", "Script", "ScriptedUpstream", "in_turn", "reply_to_model"]


# No test holds an answer back for longer.
_HELD_SECONDS = 60.0


class ScriptedUpstream:
    """The server, in a thread while the context is open. All it saw can be read at any time."""

    def __init__(
        self, script: Script | None = None, *, port: int = 0, models: Sequence[str] = ("scripted",)
    ) -> None:
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self._models = models
        self._changed = threading.Condition()
        self.released = threading.Event()
        self.follow(script)
        self._socket = socket.create_server(("127.0.0.1", port))
        # Else an answer's first frame waits for the client's kernel, which may take 40 ms to say that it has the head.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self._server = uvicorn.Server(_config(self._app()))
        self._thread = threading.Thread(target=self._run, name="scripted-upstream", daemon=True)

    def __enter__(self) -> Self:
        """Start to serve: requests are taken at once."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every connection and the thread."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    async def serve(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        with self._socket:
            await self._server.serve(sockets=[self._socket])

    def follow(self, script: Script | None = None) -> None:
        """Answer by `script`, by default by the model's name, and forget what was seen until now."""
        flaky: Counter[str] = Counter()
        with self._changed:
            self.script = script or partial(reply_to_model, flaky)
            self.requests.clear()
            self.keys.clear()
            self.paths.clear()
            self.released.clear()
            self.disconnects = 0

    def saw_requests(self, count: int, *, timeout_seconds: float = 5.0) -> bool:
        """Wait until so many requests came; whether they did."""
        return self._wait(lambda: len(self.requests) >= count, timeout_seconds)

    def saw_disconnects(self, count: int, *, timeout_seconds: float = 5.0) -> bool:
        """Wait until so many clients hung up before their answer was complete; whether they did."""
        return self._wait(lambda: self.disconnects >= count, timeout_seconds)

    def disconnected(self) -> None:
        """Count a client that hung up."""
        with self._changed:
            self.disconnects += 1
            self._changed.notify_all()

    def _wait(self, condition: Callable[[], bool], timeout_seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, timeout_seconds)

    def _run(self) -> None:
        asyncio.run(self.serve())

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/responses", self._responses, methods=["POST"]),
                Route("/v1/responses/compact", self._compact, methods=["POST"]),
                Route("/v1/models", self._list),
                Route("/_requests", self._seen),
            ]
        )

    async def _chat(self, request: Request) -> Response:
        return await self._answer(request, chat_frames, chat_completion)

    async def _responses(self, request: Request) -> Response:
        return await self._answer(request, response_frames, response)

    async def _compact(self, request: Request) -> Response:
        return await self._answer(request, no_frames, compaction)

    async def _list(self, _request: Request) -> Response:
        # An empty name stands for a model that has none.
        listed = [({"id": name} if name else {}) | {"object": "model"} for name in self._models]
        return JSONResponse({"object": "list", "data": listed})

    async def _seen(self, _request: Request) -> Response:
        return JSONResponse({"requests": self.requests, "disconnects": self.disconnects})

    async def _answer(self, request: Request, frames: Frames, whole: Whole) -> Response:
        body: Json = await request.json()
        reply = _limited(self.script(body), body)
        # Made before anybody is told of the request: the first one loads a tokenizer, which takes a second or two.
        answer = self._made(reply, body, frames, whole)
        with self._changed:
            self.requests.append(body)
            self.paths.append(request.url.path)
            self.keys.append(request.headers.get("authorization", "").removeprefix("Bearer "))
            self._changed.notify_all()
        return answer

    def _made(self, reply: Reply, body: Json, frames: Frames, whole: Whole) -> Response:
        if reply.status != 200:
            return _refusal(reply)
        document = None if body.get("stream") else whole(body, reply)
        return _Answer(self, reply, list(frames(body, reply)), document)


class _Protocol(H11Protocol):
    """HTTP whose connection an answer can cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self.app_state = self.app_state | {"transport": transport}
        super().connection_made(transport)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app, http=_Protocol, ws="none", lifespan="off", log_level="critical", timeout_graceful_shutdown=1
    )


def _refusal(reply: Reply) -> Response:
    wait = {} if reply.retry_after_seconds is None else {"retry-after": str(reply.retry_after_seconds)}
    error = {"message": "Scripted failure.", "type": "scripted", "param": None, "code": None} | reply.error
    return JSONResponse({"error": error}, reply.status, headers=wait)


def _limited(reply: Reply, body: Json) -> Reply:
    """Return the reply as far as the request's limit of tokens, here words, allows."""
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or body.get("max_output_tokens")
    if not limit or len(reply.pieces()) <= limit:
        return reply
    return replace(reply, chunks=tuple(reply.pieces()[:limit]), finish_reason="length")


class _Answer(Response):
    """An answer in frames, or as one document: paced, cut and hung as the reply says."""

    def __init__(
        self, upstream: ScriptedUpstream, reply: Reply, frames: list[Frame], whole: Json | None
    ) -> None:
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]  # it is not known
        self._upstream, self._reply, self._frames, self._whole = upstream, reply, frames, whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.ensure_future(self._write(scope, receive, send))
        watching = asyncio.ensure_future(_hung_up(receive))
        await asyncio.wait({writing, watching}, return_when=asyncio.FIRST_COMPLETED)
        if writing.done():
            writing.result()
        else:
            self._upstream.disconnected()
        for task in (writing, watching):
            task.cancel()
        await asyncio.gather(writing, watching, return_exceptions=True)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._reply.held:
            await asyncio.to_thread(self._upstream.released.wait, _HELD_SECONDS)
        if await self._ends_at(0, scope):
            return
        if self._whole is None:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for paced, frame in self._numbered():
            await asyncio.sleep(self._reply.delay_seconds if paced else 0)
            if self._whole is None:
                await send({"type": "http.response.body", "body": frame.encode(), "more_body": True})
            if paced and await self._ends_at(paced, scope):
                return
        if self._whole is None:
            await send({"type": "http.response.body", "body": b""})
        else:
            await JSONResponse(self._whole)(scope, receive, send)

    def _numbered(self) -> Iterator[tuple[int, str]]:
        """Yield each frame with its number among the paced ones, or 0."""
        count = 0
        for paced, frame in self._frames:
            count += paced
            yield count if paced else 0, frame

    async def _ends_at(self, count: int, scope: Scope) -> bool:
        if self._reply.hang_after == count:
            await asyncio.Event().wait()
        if self._reply.cut_after == count:
            scope["state"]["transport"].abort()
        return self._reply.cut_after == count


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def main() -> None:
    """Serve until SIGINT or SIGTERM; the first line says where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    upstream = ScriptedUpstream(port=parser.parse_args().port)
    print(upstream.base_url, flush=True)  # whoever started us reads it
    asyncio.run(upstream.serve())


if __name__ == "__main__":
    main()
