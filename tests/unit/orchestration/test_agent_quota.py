"""Tests of the quota of agents under a budget."""

from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Agent, AgentRef, AgentStatus, EpisodeOutcome, Evaluation, Genome, Measures
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.orchestration.agent_quota import AgentQuota
from clau_doom.orchestration.generation_evaluation import summarise

POPULATION, EPISODES, LONGEST = 4, 2, 65


def evaluation(number: int, tics: list[int] | None) -> Evaluation:
    """Return an evaluated agent with episodes of the given lengths, or a failed agent."""
    outcomes = [
        EpisodeOutcome(seed=at, measures=Measures(tics=float(each)), trajectory_sha256="00" * 32)
        for at, each in enumerate(tics or [30, 30])
    ]
    agent = Agent(
        experiment="x",
        ref=AgentRef(*divmod(number, POPULATION)),
        genome=Genome((0.5,)),
        parents=(),
        operator="draw",
    )
    status = AgentStatus.FAILED if tics is None else AgentStatus.COMPLETED
    return Evaluation(agent=agent, status=status, fitness=None if tics is None else 1.0, outcomes=tuple(outcomes))


def quota(amount: int, unit: BudgetUnit) -> AgentQuota:
    return AgentQuota(Budget(amount, unit), population=POPULATION, episodes=EPISODES, longest_episode=LONGEST)


def test_generations_are_known_in_advance() -> None:
    assert quota(3, BudgetUnit.GENERATIONS).total([], []) == 12


def test_next_generation_waits_until_the_budget_allows_it() -> None:
    """Seven agents can play 14 episodes at most, the eighth reaches 16."""
    episodes = quota(17, BudgetUnit.EPISODES)
    assert quota(16, BudgetUnit.EPISODES).total([], []) == 8
    assert episodes.total([], []) == 12
    failed = [evaluation(0, None), evaluation(1, [10, 10])]
    assert quota(16, BudgetUnit.EPISODES).total([], failed) == 12, "a failed agent's episodes do not count"


@given(
    lengths=st.lists(
        st.one_of(st.none(), st.lists(st.integers(1, LONGEST + 35), min_size=EPISODES, max_size=EPISODES)),
        min_size=40,
        max_size=40,
    ),
    amount=st.integers(1, 2000),
    unit=st.sampled_from([BudgetUnit.EPISODES, BudgetUnit.TICS]),
)
def test_quota_ends_with_the_last_generation(lengths: list[list[int] | None], amount: int, unit: BudgetUnit) -> None:
    """For any results, agents of the current generation are allowed, and no agent after the last generation."""
    evaluations = [evaluation(number, tics) for number, tics in enumerate(lengths)]
    generations = [evaluations[at : at + POPULATION] for at in range(0, 40, POPULATION)]
    for generation in generations:
        if all(each.fitness is None for each in generation):
            return
    counted = [0 if each is None else (EPISODES if unit is BudgetUnit.EPISODES else sum(each)) for each in lengths]
    ends = [at + POPULATION for at in range(0, 40, POPULATION) if sum(counted[: at + POPULATION]) >= amount]
    last = ends[0] if ends else None
    tested, totals = quota(amount, unit), list[int]()
    for closed in range(last or 40):
        done = closed // POPULATION
        totals.append(tested.total([*map(summarise, generations[:done])], evaluations[done * POPULATION : closed]))
        assert totals[-1] >= (done + 1) * POPULATION
    if last is not None:
        assert max(totals) <= last
        assert tested.total([*map(summarise, generations[: last // POPULATION])], []) == last
    assert totals == sorted(totals), "a created agent stays allowed"
