"""What a page sends and receives, as the browser itself counts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.browser.demo import Demo


@dataclass
class Traffic:
    """Bytes of bodies and headers; ``addresses``: what was asked for."""

    sent: int = 0
    received: int = 0
    addresses: list[str] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)

    def count(self, part: str) -> int:
        """How often an address with that part was asked for."""
        return sum(part in address for address in self.addresses)

    def on_request(self, event: dict[str, Any]) -> None:
        request = event["request"]
        if "/heartbeat/" in request["url"] or not request["url"].startswith("http"):
            return
        self.addresses.append(request["url"])
        self.sent += len(request["url"]) + len(request.get("postData", "").encode())
        self.pending.add(event["requestId"])

    def on_headers(self, event: dict[str, Any]) -> None:
        self.sent += sum(len(name) + len(value) + 4 for name, value in event["headers"].items())

    def on_end(self, event: dict[str, Any]) -> None:
        self.received += int(event.get("encodedDataLength", 0))
        self.pending.discard(event["requestId"])


@contextmanager
def counted(demo: Demo) -> Iterator[Traffic]:
    """Count what is sent and received inside, until nothing is on its way any more."""
    traffic = Traffic()
    session = demo.page.context.new_cdp_session(demo.page)
    session.on("Network.requestWillBeSent", traffic.on_request)
    session.on("Network.requestWillBeSentExtraInfo", traffic.on_headers)
    session.on("Network.loadingFinished", traffic.on_end)
    session.on("Network.loadingFailed", traffic.on_end)
    session.send("Network.enable", {"maxPostDataSize": 1_000_000})
    yield traffic
    demo.until(lambda: not traffic.pending)
    session.detach()
