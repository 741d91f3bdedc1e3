"""Tests of tracebacks that are kept once for equal failures."""

import hashlib

from clau_doom.domain.failure_trace import FailureTrace, TraceIndex, trace_digest

FRAMES = '  File "policy.py", line 3, in act\n    return 1 / self.x\n  File "helper.py", line 7, in divide\n    raise\n'


def traceback(last: str, frames: str = FRAMES) -> str:
    return f"Traceback (most recent call last):\n{frames}{last}\n"


def test_digest_covers_frames_and_the_error_class() -> None:
    """Messages and source lines are omitted."""
    digest = trace_digest(traceback("ValueError: 7 is too large"))
    covered = '  File "policy.py", line 3, in act\n  File "helper.py", line 7, in divide\nValueError'
    assert digest == hashlib.sha256(covered.encode()).hexdigest()[:16]
    assert trace_digest(traceback("ValueError: 8 is too large")) == digest
    assert trace_digest(traceback("ValueError")) == digest
    assert trace_digest(traceback("TypeError: 7 is too large")) != digest
    assert trace_digest(traceback("ValueError: 7 is too large", FRAMES.replace("line 7", "line 8"))) != digest


def test_digest_accepts_lone_surrogates() -> None:
    """A file name can contain them."""
    assert len(trace_digest(traceback("ValueError", '  File "\udcff.py", line 1, in act\n'))) == 16


def test_equal_traceback_is_kept_once() -> None:
    """A later failure refers to the first text by its digest. A failure without a traceback removes the agent."""
    index = TraceIndex()
    index.add("a", FailureTrace(digest="1", text="first"))
    index.add("b", FailureTrace(digest="1", text=None))
    index.add("c", FailureTrace(digest="2", text=None))
    assert index.by_agent() == {"a": "first", "b": "first"}
    index.add("a", None)
    assert index.by_agent() == {"b": "first"}
