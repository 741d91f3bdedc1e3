"""Fixtures with the events of a small experiment."""

from tests.support.event_story import config, interrupted, story

__all__ = ["config", "interrupted", "story"]
