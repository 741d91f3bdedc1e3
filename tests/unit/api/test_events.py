"""Event classes of the library."""

from clau_doom.api import events
from clau_doom.domain import events as domain


def test_all_event_classes_can_be_imported() -> None:
    assert events.__all__ == domain.__all__
    assert all(getattr(events, name) is getattr(domain, name) for name in domain.__all__)
