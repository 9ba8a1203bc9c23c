"""Strangers at a server without keys: web pages that send requests in the name of who looks at them.

Any page may post to a loopback address, and a name that its owner lets point there (DNS rebinding) makes the
answers readable, too. What such requests cannot hide is the name that the page, or the address, has.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from api.front_door import is_loopback
from shared.errors import Forbidden


def refuse_foreign_pages(headers: Mapping[str, str], *, host: str) -> None:
    """Raise Forbidden for a request of a web page that is not this machine's, `host` being where the API listens.

    No name but that of `host` may stand in `Host`, and of addresses only this machine's in `Origin`: a page
    may come from any.
    """
    addressed, page = headers.get("host"), headers.get("origin")
    if addressed is not None and not _is_ours(_name_in(f"//{addressed}"), host, addresses=True):
        raise _not_let_in("the name that it was sent to")
    if page is not None and not _is_ours(_name_in(page), host, addresses=False):
        raise _not_let_in("the web page that it comes from")


def _is_ours(name: str, host: str, *, addresses: bool) -> bool:
    if name.removesuffix(".") in {"localhost", host.lower()} or is_loopback(name):
        return True
    return addresses and _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _name_in(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _not_let_in(what: str) -> Forbidden:
    return Forbidden(
        f"This server has no API keys and is for this machine alone: the request is refused by {what}. "
        "Use http://127.0.0.1 or http://localhost, or have the operator set HITHERTO_API_KEYS."
    )
