"""Webhooks reach the public internet, what the operator allows, and nothing else."""

from ipaddress import ip_address, ip_network

import pytest

from shared.adapters.webhooks.addresses import GuardedBackend, check_url, is_allowed
from shared.errors import InvalidRequest, WebhookUnreachable

LOCAL = [ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fe80::1%lo", False),
        ("fec0::1", False),
        ("feff::1", False),
        ("fc00::1", False),
        ("fd00:1::1", False),
        ("ff0e::1", False),
        ("2001:db8::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:93.184.215.14", True),
        ("::127.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::93.184.215.14", True),
        ("64:ff9b:1::10.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("2002:5db8:d70e::1", True),
        ("2001:0:4136:e378:8000:63bf:a247:28f1", False),
    ],
)
def test_an_address_is_allowed_if_it_leads_to_the_public_internet(address: str, expected: bool) -> None:
    assert is_allowed(ip_address(address), []) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("fd00:1::1", True),
        ("fd00:2::1", False),
        ("169.254.169.254", False),
    ],
)
def test_the_operator_allows_networks_and_no_more(address: str, expected: bool) -> None:
    assert is_allowed(ip_address(address), LOCAL) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://example.com:8443/a?b=c",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
    ],
)
def test_a_public_https_url_is_taken(url: str) -> None:
    check_url(url, [])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "example.com/hook",
        "https://",
        "https:///hook",
        "https://user:word@example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::1/",
        "https://example.com:port/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nx-evil: 1",
        "https://exämple.com/",
        "file:///etc/passwd",
    ],
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_url(url, [])
    assert refused.value.param == "url"


def test_plain_http_is_for_networks_of_the_operators() -> None:
    check_url("http://127.0.0.1:8080/", LOCAL)
    with pytest.raises(InvalidRequest):
        check_url("http://192.168.0.1/", LOCAL)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "::1"])
async def test_a_name_is_refused_by_what_it_resolves_to(host: str) -> None:
    with pytest.raises(WebhookUnreachable, match=r"not one that this server posts to|cannot be resolved"):
        await GuardedBackend([]).connect_tcp(host, 80)
