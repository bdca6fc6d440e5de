"""A browser in which the owner agrees to a login."""

from threading import Thread

import requests


class Browser:
    """Opens an address on a thread of its own, as a browser would, after `first` other addresses."""

    def __init__(self, *first: str, tampered: bool = False) -> None:
        self.first = first
        self.tampered = tampered
        self.threads: list[Thread] = []

    def __call__(self, address: str) -> None:
        self.threads.append(Thread(target=self._visit, args=(address,)))
        self.threads[-1].start()

    def _visit(self, address: str) -> None:
        for other in self.first:
            requests.get(other, timeout=5).close()
        if self.tampered:
            address = address.replace("state=", "state=x")
        requests.get(address, timeout=5).close()

    def close(self) -> None:
        """Waits for all visits."""
        for thread in self.threads:
            thread.join(10)
