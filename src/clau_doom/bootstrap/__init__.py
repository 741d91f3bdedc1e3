"""The only place where concrete classes are chosen and wired.

`planning` says what a run would be, `running` makes it, `laboratory` does both for a server's many; `stored` and
`offers` read what is kept and what can be played; `analysing` says what it means, `reporting` on a page; `docker_facts`
and `cleaning` see what Docker has and what was left there. The command line calls these and nothing below them.
"""

from clau_doom.bootstrap.analysing import analyse, compare, fitness_name
from clau_doom.bootstrap.cleaning import Leftovers, Removed, find_leftovers, remove_leftovers
from clau_doom.bootstrap.docker_facts import DockerFacts, examine_docker
from clau_doom.bootstrap.laboratory import ServerLaboratory
from clau_doom.bootstrap.offers import OfferedScenario, bundled_scenarios, try_engine
from clau_doom.bootstrap.planning import Plan, genome_space, make_fitness, plan_config, plan_resume, plan_run
from clau_doom.bootstrap.reporting import check_report_target, report, report_comparison
from clau_doom.bootstrap.running import SystemClock, make_backend, make_run, open_run, steerable, watchable
from clau_doom.bootstrap.service import Listening, serve, token_file
from clau_doom.bootstrap.sources import (
    FolderSource,
    Overview,
    Remote,
    ServerSource,
    Source,
    open_source,
    overview_of,
    reach,
    reach_run,
)
from clau_doom.bootstrap.stored import list_experiments, read_experiment
from clau_doom.bootstrap.studio import Studio

__all__ = [
    "DockerFacts",
    "FolderSource",
    "Leftovers",
    "Listening",
    "OfferedScenario",
    "Overview",
    "Plan",
    "Remote",
    "Removed",
    "ServerLaboratory",
    "ServerSource",
    "Source",
    "Studio",
    "SystemClock",
    "analyse",
    "bundled_scenarios",
    "check_report_target",
    "compare",
    "examine_docker",
    "find_leftovers",
    "fitness_name",
    "genome_space",
    "list_experiments",
    "make_backend",
    "make_fitness",
    "make_run",
    "open_run",
    "open_source",
    "overview_of",
    "plan_config",
    "plan_resume",
    "plan_run",
    "reach",
    "reach_run",
    "read_experiment",
    "remove_leftovers",
    "report",
    "report_comparison",
    "serve",
    "steerable",
    "token_file",
    "try_engine",
    "watchable",
]
