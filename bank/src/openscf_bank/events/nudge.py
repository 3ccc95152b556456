"""The webhook nudge: after a commit, tell an ERP in the background that there is something to look at.

It carries no fact and is sent once; nothing is lost without it, because the ERP polls anyway.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import queue
import socket
import threading
import time

import httpx
from openscf.keys import SigningKey
from openscf.webhook import NUDGE_BODY, sign_nudge

from ..kit.ids import new_id

logger = logging.getLogger(__name__)

# More than this many waiting nudges means receivers hang; newer ones are dropped, the feed is the truth.
QUEUE_LIMIT = 1000
# From the connection to the head of the answer: a receiver that sends a byte now and then would hold the thread
# for ever otherwise. Looking up the name comes before, within the limits of the system's resolver.
TIMEOUT_SECONDS = 5.0

# Forms of IPv6 that lead to an IPv4 address, or stay within a site, though ipaddress calls some of them global.
REFUSED_NETWORKS = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible (RFC 4291 section 2.5.5.1)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 within a network (RFC 8215)
        "2002::/16",  # 6to4 (RFC 3056)
        "fec0::/10",  # site-local (RFC 3879)
    )
)


class AddressRefused(Exception):
    """The webhook's host is not one that this bank may call."""


class Nudger:
    """Sends nudges from one background thread; `nudge` returns at once."""

    def __init__(self, *, key: SigningKey, allow_private_addresses: bool) -> None:
        self._key = key
        self._allow_private = allow_private_addresses
        self._queue: queue.Queue[str | None] = queue.Queue(QUEUE_LIMIT)
        self._thread: threading.Thread | None = None
        self._waiting: set[str] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin sending."""
        self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the nudge that is being sent."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(TIMEOUT_SECONDS * 2)
            self._thread = None

    def nudge(self, url: str) -> None:
        """Queue one nudge, unless one for the same address is waiting already."""
        if self._thread is None:
            return
        with self._lock:
            if url in self._waiting:
                return
            self._waiting.add(url)
        try:
            self._queue.put_nowait(url)
        except queue.Full:
            with self._lock:
                self._waiting.discard(url)
            logger.warning("Too many nudges are waiting; one was dropped")

    def _run(self) -> None:
        while (url := self._queue.get()) is not None:
            with self._lock:
                self._waiting.discard(url)
            try:
                self._send(url)
            except (httpx.HTTPError, httpx.InvalidURL, AddressRefused, OSError, asyncio.TimeoutError) as error:
                logger.info("A nudge was not delivered (%s)", type(error).__name__)
            except Exception:
                logger.exception("The nudger met an unexpected error and goes on")

    def _send(self, url: str) -> None:
        target = httpx.URL(url)
        address = self._checked_address(target)
        headers = sign_nudge(key=self._key, webhook_id=new_id("msg"), timestamp=int(time.time()))
        headers |= {
            "host": target.netloc.decode("ascii"),
            "content-type": "application/json",
            "accept-encoding": "identity",
        }
        asyncio.run(asyncio.wait_for(_post(target, address, headers), TIMEOUT_SECONDS))

    def _checked_address(self, url: httpx.URL) -> str:
        """The first address of the host; AddressRefused where it is not public or not HTTPS, unless that is allowed."""
        if url.scheme not in ("https", "http") or (url.scheme == "http" and not self._allow_private):
            raise AddressRefused(f"scheme {url.scheme!r}")
        found = socket.getaddrinfo(
            url.host, url.port or {"https": 443, "http": 80}[url.scheme], type=socket.SOCK_STREAM
        )
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(_is_public(ipaddress.ip_address(address)) for address in addresses):
            raise AddressRefused("not a public address")
        return addresses[0]


async def _post(target: httpx.URL, address: str, headers: dict[str, str]) -> None:
    """Send the nudge and hang up once the answer begins: nothing that it says is wanted, so its body is not read."""
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "POST",
            # The address that was checked, not what the name means a moment later.
            target.copy_with(host=address),
            content=NUDGE_BODY,
            headers=headers,
            extensions={"sni_hostname": target.host},
        ),
    ):
        pass


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    return not any(address in network for network in REFUSED_NETWORKS)
