"""Blocking runs with scripted episodes. `tests/integration/test_library_runs.py` uses real engines."""

import logging
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import clau_doom as cd
from clau_doom.domain.events import (
    EpisodeFinished,
    ExperimentCompleted,
    ExperimentInterrupted,
    ExperimentStarted,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.errors import ConfigError, ExperimentDone, ExperimentExists, ResumeRefused
from tests.support.scripted_runs import small

pytestmark = pytest.mark.usefixtures("workplace")
ENDLESS = {"inprocess.seconds": 3600.0}
"""Each episode takes an hour."""


class InterruptAt:
    """Sends SIGINT to this process at the first event of a kind, as Ctrl-C does."""

    def __init__(self, kind: type, times: int = 1) -> None:
        self._kind = kind
        self._times = times

    def __call__(self, recorded: RecordedEvent) -> None:
        if isinstance(recorded.event, self._kind):
            for _ in range(self._times):
                os.kill(os.getpid(), signal.SIGINT)


def test_run_returns_the_completed_experiment(workplace: Path) -> None:
    experiment = cd.run(small())
    assert (experiment.id, experiment.status.state.value) == ("small", "completed")
    assert experiment.status.generations_finished == 2
    assert (workplace / "runs/small/results.sqlite").exists()


def test_configuration_can_be_a_file_with_keyword_arguments(workplace: Path) -> None:
    """Keyword arguments override the environment and the file, and sections are merged."""
    (workplace / "e.yaml").write_text(
        "name: filed\ngenerations: 5\npopulation: 3\nepisodes: 1\nholdout: {validation: 1, episodes: 4}\n"
    )
    dotted: dict[str, Any] = {"holdout.episodes": 2}
    experiment = cd.run("e.yaml", generations=1, execution={"backend": "inprocess"}, **dotted)
    config = experiment.config
    assert (config.name, config.generations, config.holdout.validation, config.holdout.episodes) == ("filed", 1, 1, 2)
    assert cd.run(config, name="copied", output_dir="elsewhere").config.population == 3
    assert (workplace / "elsewhere/copied").is_dir()


def test_same_configuration_gives_the_same_history() -> None:
    first, second = cd.run(small()), cd.run(small(), name="again")
    other = cd.run(small(), name="other", seed=2)
    assert first.status.history_sha256 == second.status.history_sha256 != other.status.history_sha256


def test_a_taken_name_is_an_error_with_the_remedies() -> None:
    cd.run(small())
    with pytest.raises(ExperimentExists) as raised:
        cd.run(small())
    for remedy in ("cd.open('small')", "if_exists='resume'", "if_exists='replace'"):
        assert remedy in str(raised.value)


def test_a_completed_experiment_is_returned_or_replaced() -> None:
    first = cd.run(small())
    uuid = first.config, [*first.events.to_arrow()["time"].to_pylist()]
    kept = cd.run(small(), if_exists="resume")
    assert (kept.config, [*kept.events.to_arrow()["time"].to_pylist()]) == uuid
    grown = cd.run(small(), generations=3, if_exists="resume")
    assert grown.status.generations_finished == 3
    with pytest.raises(ResumeRefused, match=r"(?s)seed.*, or use if_exists='replace'"):
        cd.run(small(), seed=9, generations=3, if_exists="resume")
    replaced = cd.run(small(), seed=9, if_exists="replace")
    assert (replaced.config.seed, replaced.status.generations_finished) == (9, 2)


def test_unknown_values_are_refused_before_the_run(workplace: Path) -> None:
    with pytest.raises(ConfigError, match="if_exists='overwrite' is unknown: choose 'error', 'resume', 'replace'"):
        cd.run(small(), if_exists="overwrite")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"argument generatoins.*did you mean generations"):
        cd.run(small(), generatoins=3)
    assert not (workplace / "runs").exists()


def test_callbacks_get_each_event_in_order_in_the_calling_thread() -> None:
    seen: list[RecordedEvent] = []
    threads = set()

    def take(recorded: RecordedEvent) -> None:
        seen.append(recorded)
        threads.add(threading.current_thread())

    experiment = cd.run(small(), callbacks=[take])
    assert [each.sequence for each in seen] == [*range(2, 2 + len(seen))]
    assert isinstance(seen[0].event, ExperimentStarted)
    assert isinstance(seen[-1].event, ExperimentCompleted)
    assert sum(isinstance(each.event, EpisodeFinished) for each in seen) == len(experiment.episodes)
    assert threads == {threading.current_thread()}


def test_an_exception_of_a_callback_does_not_affect_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """The first one is logged with its traceback, and the other callback gets all events."""
    seen: list[RecordedEvent] = []

    def fail(recorded: RecordedEvent) -> None:
        raise KeyError(f"at {recorded.sequence}")

    with caplog.at_level(logging.ERROR):
        experiment = cd.run(small(), callbacks=[fail, seen.append])
    assert experiment.status.state.value == "completed"
    assert isinstance(seen[-1].event, ExperimentCompleted)
    first, last = (record.getMessage() for record in caplog.records)
    assert first.startswith("callback failed (")
    assert "Traceback" in first
    assert "KeyError: 'at 2'" in first
    assert f"failures: {len(seen)}" in last


def test_first_interrupt_stops_the_run_which_can_be_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    """Running episodes may end. The handler of the program is restored."""
    slow = small(generations=8, **{"inprocess.seconds": 0.05})
    undisturbed = cd.run(slow, name="undisturbed", inprocess={"seconds": 0.0}).status.history_sha256
    with pytest.raises(KeyboardInterrupt, match=r"continue with cd\.resume\('small'\)"):
        cd.run(slow, callbacks=[InterruptAt(GenerationStarted)])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert "interrupted: running episodes have 10 s to end" in capsys.readouterr().err
    status = cd.open("small").status
    assert (status.state.value, status.reason) == ("interrupted", "Ctrl-C")
    events: list[RecordedEvent] = []
    resumed = cd.resume("small", callbacks=[events.append], inprocess={"seconds": 0.0})
    assert resumed.status.history_sha256 == undisturbed
    started = events[0].event
    assert isinstance(started, ExperimentStarted)
    assert started.resumed


def test_second_interrupt_does_not_wait_for_episodes() -> None:
    """The episodes would take an hour, and the first interrupt alone gives them 10 s."""
    with pytest.raises(KeyboardInterrupt):
        cd.run(small(**ENDLESS), callbacks=[InterruptAt(GenerationStarted, times=2)])
    assert cd.open("small").status.state.value == "interrupted"


def test_third_interrupt_ends_a_callback_that_hangs() -> None:
    def hang(recorded: RecordedEvent) -> None:
        if isinstance(recorded.event, ExperimentInterrupted):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        cd.run(small(**ENDLESS), callbacks=[InterruptAt(GenerationStarted, times=2), hang])


def test_handler_of_the_program_is_kept_and_its_exception_stops_the_run() -> None:
    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(number)

    before = signal.signal(signal.SIGINT, leave)
    try:
        with pytest.raises(SystemExit):
            cd.run(small(generations=1000, **{"inprocess.seconds": 0.05}), callbacks=[InterruptAt(GenerationStarted)])
        assert signal.getsignal(signal.SIGINT) is leave
    finally:
        signal.signal(signal.SIGINT, before)
    assert cd.open("small").status.state.value == "interrupted"


def test_run_in_another_thread() -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(cd.run(small()).status.state.value))
    thread.start()
    thread.join()
    assert found == ["completed"]


async def test_run_in_a_running_event_loop() -> None:
    """As in a notebook."""
    assert cd.run(small()).status.state.value == "completed"


def test_completed_experiment_is_not_resumed_without_more_generations() -> None:
    experiment = cd.run(small())
    with pytest.raises(ExperimentDone, match="small is completed: raise its number of generations"):
        cd.resume(experiment)
    assert cd.resume(experiment, generations=3).status.generations_finished == 3
    assert cd.resume("runs/small", generations=4).status.generations_finished == 4
