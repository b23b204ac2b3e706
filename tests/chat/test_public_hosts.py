"""Hosts of clients' web addresses: what may be public, and every spelling of what is not."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.public_hosts import may_be_public

PRIVATE = (
    ipaddress.IPv4Address("127.0.0.1"),
    ipaddress.IPv4Address("10.1.2.3"),
    ipaddress.IPv4Address("172.16.0.1"),
    ipaddress.IPv4Address("192.168.0.1"),
    ipaddress.IPv4Address("169.254.169.254"),
    ipaddress.IPv4Address("100.64.0.1"),
    ipaddress.IPv4Address("0.0.0.0"),
    ipaddress.IPv4Address("255.255.255.255"),
    ipaddress.IPv4Address("224.0.0.1"),
)


@pytest.mark.parametrize(
    "host",
    [
        "a.test",
        "images.example.com",
        "images.example.com.",
        "my_bucket.s3.amazonaws.com",
        "127.0.0.1.example.com",
        "localhost.example.com",
        "internal.example.com",
        "münchen.example",
        "8.8.8.8",
        "2600:1f18::1",
    ],
)
def test_what_may_be_public(host: str) -> None:
    assert may_be_public(host)


@pytest.mark.parametrize(
    "host",
    [
        *map(str, PRIVATE),
        *("127.1", "127.0.1", "0", "0x7f.1", "0x7f000001", "0x", "017700000001", "0177.0.0.1", "2130706433"),
        *("127.0.0.1.", "010.8.8.8", "8.8.8.08", "256.256.256.256", "1.2.3.4.5", "a.1"),
        *("１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "ä..b"),  # noqa: RUF001 - what name lookups make ASCII of
        *("localhost", "localhost.", "a.localhost", "ip-10-0-0-1.ec2.internal", "metadata.google.internal"),
        *("printer.local", "router.home.arpa", "LOCALHOST", "ollama", "", "."),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("fe80::1", "fe80::1%eth0", "fe80::1%25eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("2002:7f00:1::", "2001:db8::1", "2001:0:1::1", "1:2"),
    ],
)
def test_what_is_not(host: str) -> None:
    assert not may_be_public(host)


@given(st.sampled_from(PRIVATE), st.data())
def test_no_spelling_that_the_resolver_takes_gets_through(
    address: ipaddress.IPv4Address, data: st.DataObject
) -> None:
    """The C library's own reading is the oracle: one to four numbers, each decimal, octal or hexadecimal."""
    count = data.draw(st.integers(1, 4))
    number = int(address)
    numbers = [(number >> (24 - 8 * place)) & 0xFF for place in range(count - 1)]
    numbers.append(number & ((1 << (32 - 8 * (count - 1))) - 1))
    forms = st.sampled_from(["{}", "0{:o}", "0x{:x}", "0X{:X}", "0x00{:x}", "000{:o}"])
    host = ".".join(data.draw(forms).format(number) for number in numbers)
    assert socket.inet_aton(host) == address.packed
    assert not may_be_public(urlsplit(f"https://{host}/a.png").hostname or "")


@given(st.text())
def test_no_host_is_a_crash(host: str) -> None:
    assert may_be_public(host) in (True, False)
