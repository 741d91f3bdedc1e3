"""Fixtures of the library's tests."""

from tests.support.event_story import config, story
from tests.support.scripted_runs import workplace

__all__ = ["config", "story", "workplace"]
