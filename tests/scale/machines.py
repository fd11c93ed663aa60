"""Machines as far as the network is concerned: namespaces of their own, each with one cable to the services.

Addresses are those for the testing of networks (RFC 2544), so that nobody's are in the way. It needs root and iproute2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

#: Two runs on one machine must not meet.
_RUN = os.getpid() % 256
#: Where database and carrier listen, on a device that no cable hangs on.
SERVICES = f"198.18.{_RUN}.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One namespace and its cable."""

    name: str
    #: The address from which it speaks.
    address: str
    #: The end of the cable that is on the services' side.
    _plug: str

    @property
    def within(self) -> list[str]:
        """What a command is put behind to run there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Pull the plug: what is sent is lost, and nobody is told."""
        _ip("link", "set", self._plug, "down")

    def heal(self) -> None:
        """Put it back."""
        _ip("link", "set", self._plug, "up")


def can_make_machines() -> bool:
    """Say whether this process may make namespaces and cables."""
    if os.getuid() or shutil.which("ip") is None:
        return False
    name = f"mujaz-{_RUN}-try"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if tried.returncode:
        return False
    plug = ["link", "add", f"mzt{_RUN}", "type", "veth", "peer", "name", "eth0", "netns", name]
    made = subprocess.run(["ip", *plug], capture_output=True, check=False)
    # The cable goes with the namespace at one of its ends.
    _ip("netns", "delete", name)
    return made.returncode == 0


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Give so many, and take them away at the end."""
    with ExitStack() as stack:
        _ip("address", "add", f"{SERVICES}/32", "dev", "lo")
        stack.callback(_ip, "address", "delete", f"{SERVICES}/32", "dev", "lo")
        yield [stack.enter_context(_machine(number)) for number in range(1, count + 1)]


@contextmanager
def _machine(number: int) -> Iterator[Machine]:
    name, plug = f"mujaz-{_RUN}-{number}", f"mz{_RUN}-{number}"
    here, there = (f"198.19.{_RUN}.{4 * number + end}" for end in (1, 2))
    _ip("netns", "add", name)
    try:
        _ip("link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("address", "add", f"{here}/30", "dev", plug)
        _ip("link", "set", plug, "up")
        _ip("-n", name, "address", "add", f"{there}/30", "dev", "eth0")
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "route", "add", "default", "via", here)
        yield Machine(name=name, address=there, _plug=plug)
    finally:
        _ip("netns", "delete", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
