"""Conversion of Ctrl-C and SIGTERM to requests to stop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.text import Text

from clau_doom.cli.console import ExitCode, print_message

if TYPE_CHECKING:
    from clau_doom.orchestration import Shutdown

__all__ = ["ReceivedSignals", "stop_signals"]


@dataclass
class ReceivedSignals:
    """Received signals, in order."""

    signals: list[signal.Signals] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Exit code of a stopped command."""
        return ExitCode.TERMINATED if signal.SIGTERM in self.signals else ExitCode.INTERRUPTED


@contextmanager
def stop_signals(shutdown: "Shutdown", *, interrupt_grace: float, terminate_grace: float) -> Iterator[ReceivedSignals]:
    """Turn the first signal into a request to stop, and a second one into a request to stop at once.

    A closed terminal (SIGHUP) does not stop the run: further output is dropped.

    Args:
        shutdown: Receives the requests.
        interrupt_grace: Seconds for running episodes after Ctrl-C.
        terminate_grace: Seconds for running episodes after SIGTERM.
    """
    loop, received = asyncio.get_running_loop(), ReceivedSignals()

    def stop(sign: signal.Signals) -> None:
        received.signals.append(sign)
        if len(received.signals) == 1:
            grace = interrupt_grace if sign is signal.SIGINT else terminate_grace
            what = "Ctrl-C" if sign is signal.SIGINT else sign.name
            shutdown.request(what, grace=grace)
            text = f"{what}: running episodes have {grace:g} s to end; repeat it to stop at once"
            print_message(Text(text, "yellow"), "warning")
        else:
            shutdown.request(sign.name, grace=0.0)

    handled = [signal.SIGINT, signal.SIGTERM]
    for sign in handled:
        loop.add_signal_handler(sign, stop, sign)
    # This setting remains after the context: the terminal may close while the result is printed. A function instead of
    # SIG_IGN, because child processes inherit SIG_IGN. nohup's SIG_IGN remains.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _ignore)
    try:
        yield received
    finally:
        for sign in handled:
            loop.remove_signal_handler(sign)


def _ignore(_sign: int, _frame: object) -> None:
    """Keep running after the terminal closes."""
