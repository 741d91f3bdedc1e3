"""Tracebacks of failed policies, stored once for equal failures of an experiment."""

import hashlib
import re
from dataclasses import dataclass

__all__ = ["FailureTrace", "TraceIndex", "trace_digest"]

_FRAME = re.compile(r'^ +File ".*$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureTrace:
    """Traceback of a failure.

    Attributes:
        digest: Its `trace_digest`.
        text: Text of several lines; None if an earlier failure of the experiment has the same digest.
    """

    digest: str
    text: str | None


def trace_digest(text: str) -> str:
    """Return a digest of frames and class of an error, in 16 hexadecimal digits.

    The digest does not cover the message, which often contains values that differ between agents.
    """
    kind = text.rstrip().rpartition("\n")[2].partition(":")[0]
    return hashlib.sha256("\n".join([*_FRAME.findall(text), kind]).encode("utf-8", "backslashreplace")).hexdigest()[:16]


class TraceIndex:
    """Tracebacks of an experiment's agents. Add the failures in the order of the log."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def add(self, agent: str, trace: FailureTrace | None) -> None:
        """Add a failure of an agent, which replaces its earlier one."""
        if trace is None:
            self._digests.pop(agent, None)
            return
        self._digests[agent] = trace.digest
        if trace.text is not None:
            self._texts.setdefault(trace.digest, trace.text)

    def by_agent(self) -> dict[str, str]:
        """Return the traceback of each agent's last failure, by agent id."""
        return {agent: self._texts[digest] for agent, digest in sorted(self._digests.items()) if digest in self._texts}
