"""Tests of racing: agents that are dropped early, by the episodes played so far."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import RacingConfig
from clau_doom.domain import generator
from clau_doom.evolution import Race, comparable

FIELDS = st.integers(2, 12).flatmap(
    lambda agents: st.lists(
        st.lists(st.integers(0, 8).map(float), min_size=6, max_size=6), min_size=agents, max_size=agents
    )
)
RULES = st.builds(
    RacingConfig,
    rule=st.sampled_from(["halving", "test"]),
    first=st.integers(1, 5),
    growth=st.sampled_from([1.5, 2.0, 3.0]),
    keep=st.sampled_from([0.1, 0.25, 0.5]),
    alpha=st.sampled_from([0.05, 0.5]),
    audit=st.sampled_from([0.0, 0.3]),
)


def race(config: RacingConfig, population: int, episodes: int = 6, seed: int = 1) -> Race:
    return Race(config, population=population, episodes=episodes, seed=seed, generation=0)


def raced(started: Race, field: list[list[float]]) -> list[list[float]]:
    """Run a race from its first rung to its last and return the episodes that were played."""
    played = [row[: started.rungs[0]] for row in field]
    out: set[int] = set()
    for rung, beyond in zip(started.rungs[:-1], started.rungs[1:], strict=True):
        out |= set(started.dropped(played, rung))
        played = [row if index in out else field[index][:beyond] for index, row in enumerate(played)]
    return played


def test_halving_keeps_the_better_half() -> None:
    """Eight agents become four after one episode, then two. The first of equal agents stays."""
    started = race(RacingConfig(rule="halving", keep=0.25, audit=0.0), 8)
    assert started.rungs == (1, 2, 4, 6)
    assert started.dropped([[float(value)] for value in (5, 1, 5, 2, 9, 5, 5, 0)], 1) == (1, 3, 6, 7)
    field = [[float(value)] * 6 for value in (5, 1, 5, 2, 9, 5, 5, 0)]
    assert [len(row) for row in raced(started, field)] == [6, 1, 2, 1, 6, 2, 1, 1]


def test_significantly_worse_agents_are_dropped() -> None:
    """Against the margin of a two-way layout, worked out by hand: s² = 0.75, 3 degrees of freedom, t = 4.177."""
    config = RacingConfig(rule="test", first=2, growth=4.0, keep=0.25, alpha=0.05, audit=0.0)
    started = race(config, 4, episodes=8)
    assert started.rungs == (2, 8)
    # The rows' means are 20, 20, m and 10; of the residuals two rows have ±0.75, and two none.
    spread = [[20.75, 19.25], [19.25, 20.75], [16.5, 16.5], [10.0, 10.0]]
    margin = 4.177 * math.sqrt(2 * (4 * 0.75**2 / 3) / 2)
    assert 3.5 < margin < 10.0
    assert started.dropped(spread, 2) == (3,)
    nearer = [*spread[:3], [20.0 - margin + 0.1] * 2]
    assert started.dropped(nearer, 2) == ()
    farther = [*spread[:3], [20.0 - margin - 0.1] * 2]
    assert started.dropped(farther, 2) == (3,)


def test_equal_agents_are_rarely_dropped() -> None:
    """At most a share alpha of fields of equal agents drops an agent. A bad agent is always found."""
    config = RacingConfig(rule="test", first=4, growth=2.0, keep=0.25, alpha=0.05, audit=0.0)
    wrong = found = 0
    for trial in range(200):
        rng = generator(trial, "test", "racing")
        field = rng.normal(size=(12, 8)) + rng.normal(size=8) * 5.0  # seeds differ much more than agents
        rows = [row.tolist() for row in field]
        wrong += any(race(config, 12, 8).dropped([row[:4] for row in rows], 4))
        rows[7] = [value - 8.0 for value in rows[7]]
        found += 7 in race(config, 12, 8).dropped([row[:4] for row in rows], 4)
    assert wrong <= 20, "the best of twelve against the worst of twelve"
    assert found == 200


@settings(deadline=None)
@given(field=FIELDS, rules=RULES, seed=st.integers(0, 99))
def test_decision_of_a_rung_uses_earlier_episodes_only(
    field: list[list[float]], rules: RacingConfig, seed: int
) -> None:
    """A resume drops the same agents, because later episodes do not change a decision."""
    started = race(rules, len(field), seed=seed)
    played = raced(started, field)
    for rung in started.rungs[:-1]:
        before = [row[:rung] for row in played]
        assert started.dropped(played, rung) == started.dropped(before, rung)
        assert all(len(played[index]) == rung for index in started.dropped(played, rung))


@settings(deadline=None)
@given(field=FIELDS, rules=RULES, seed=st.integers(0, 99))
def test_at_least_keep_agents_play_all_episodes(field: list[list[float]], rules: RacingConfig, seed: int) -> None:
    """At least `keep` agents play all episodes. An audit adds agents and removes none."""
    played = raced(race(rules, len(field), seed=seed), field)
    assert sum(len(row) == 6 for row in played) >= math.ceil(rules.keep * len(field))
    unaudited = raced(race(rules.model_copy(update={"audit": 0.0}), len(field), seed=seed), field)
    assert all(len(with_audit) >= len(without) for with_audit, without in zip(played, unaudited, strict=True))


def test_audit_counts_wrong_decisions() -> None:
    """With an audit of all agents, no agent is dropped."""
    started = race(RacingConfig(rule="halving", first=1, growth=2.0, keep=0.25, audit=1.0), 4, episodes=2)
    field = [[4.0, 4.0], [3.0, 3.0], [2.0, 9.0], [1.0, 1.0]]
    assert started.dropped(field, 1) == ()
    tally = started.tally(field)
    assert (tally.planned, tally.played, tally.dropped, tally.audited, tally.changed) == (8, 8, 0, 2, 1)


def test_tally_counts_saved_episodes() -> None:
    """Missing episodes of failed agents do not count as saved, and failed agents do not count as dropped."""
    started = race(RacingConfig(rule="halving", first=1, growth=2.0, keep=0.25, audit=0.0), 4, episodes=2)
    tally = started.tally([[4.0, 4.0], [3.0, 5.0], [2.0], []])
    assert (tally.planned, tally.played, tally.dropped, tally.audited) == (8, 5, 1, 0)


def test_means_over_fewer_seeds_are_made_comparable() -> None:
    """A dropped agent was 2 below the finalists on the easy seed that all have played, and is 2 below them in all."""
    comparable_values = comparable([[10.0, 2.0, 3.0], [12.0, 4.0, 5.0], [9.0]])
    assert comparable_values == [5.0, 7.0, 6.0 - 2.0]
    assert comparable([[1.0, 2.0]]) == [1.5]


@given(levels=st.lists(st.integers(-9, 9), min_size=3, max_size=3), worth=st.lists(st.integers(-9, 9), min_size=2))
def test_additive_field_is_estimated_exactly(levels: list[int], worth: list[int]) -> None:
    """If agent and seed effects add up, the estimate for a dropped agent is exact."""
    field = [[float(agent + level) for level in levels] for agent in worth]
    comparable_values = comparable([field[0], *(row[:1] for row in field[1:])])
    assert comparable_values == pytest.approx([float(np.mean(row)) for row in field])
