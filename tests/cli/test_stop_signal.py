"""The signals that end a command: the first in order, the second at once."""

from __future__ import annotations

import signal

import pytest

from digest.cli.options import stop_signal


def test_a_second_signal_ends_the_command_whatever_it_waits_for() -> None:
    with stop_signal() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
