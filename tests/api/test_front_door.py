"""The front door listens where it is told, and knows when the API behind it is ready."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from api.front_door import CannotListen, base_url, is_ready, listen


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Serve `status` at /readyz, 404 elsewhere; yields the address."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
def test_is_ready_when_readyz_says_so(status: int, *, ready: bool) -> None:
    with answering(status) as url:
        assert is_ready(url) is ready


def test_is_not_ready_while_nobody_answers() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert not is_ready(base_url(listener))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_says_the_address_at_which_this_machine_reaches_it(host: str) -> None:
    with listen(host, 0) as listener:
        assert base_url(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_two_cannot_listen_at_one_port() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}: Address already in use"):
            listen("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_said() -> None:
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:0: "):
        listen("192.0.2.1", 0)
