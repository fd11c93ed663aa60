"""How much a fetch may take, and of whom."""

from __future__ import annotations

from dataclasses import dataclass

from digest import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What a fetcher keeps to."""

    #: For one fetch: connecting, all redirects and the body; waiting for a host's turn does not count.
    timeout_seconds: float = 20.0
    #: Of the body, packed and unpacked.
    max_bytes: int = 10_000_000
    #: Requests at a time, and to one host at a time.
    concurrency: int = 20
    per_host: int = 2
    #: Between the starts of two requests to one host.
    spacing_seconds: float = 0.2
    allow_private_addresses: bool = False
    #: Where outlets can reach us, for the User-Agent.
    contact: str = ""

    @property
    def user_agent(self) -> str:
        """Name the program and, where there is one, a contact."""
        return f"Mujaz/{__version__} (news digest{f'; +{self.contact}' if self.contact else ''})"
