"""Contract of the tracker port, over all adapters, with real libraries that read the target."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clau_doom.config import (
    CustomTrackerConfig,
    JsonlTrackerConfig,
    MlflowTrackerConfig,
    TensorBoardTrackerConfig,
    TrackerConfig,
    WandbTrackerConfig,
    WebhookTrackerConfig,
)
from clau_doom.testing import check_tracker
from clau_doom.trackers import make_tracker
from tests.support.tracker_readers import (
    Point,
    jsonl_points,
    mlflow_points,
    receiving,
    tensorboard_points,
    wandb_points,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of MLflow and W&B

USERS = '''"""Tracker of a user."""

from pathlib import Path


class Lines:
    film_suffix = None

    def __init__(self, file):
        self._file = Path(file)

    @property
    def target(self):
        return str(self._file)

    def open(self, experiment):
        self._id = experiment.id
        return None

    def write(self, updates):
        with self._file.open("a") as file:
            for update in updates:
                if update.curves:
                    for name, value in update.curves.values.items():
                        file.write(f"{self._id} {name} {update.curves.generation} {value}\\n")

    def close(self):
        pass
'''

Case = tuple[TrackerConfig, Callable[[], list[Point]]]


def user_points(file: Path) -> list[Point]:
    rows = [line.split() for line in file.read_text().splitlines()]
    return [(name, curve, int(generation), float(value)) for name, curve, generation, value in rows]


@pytest.fixture(params=["tensorboard", "mlflow", "wandb", "jsonl", "webhook", "class"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    target = tmp_path / "target"
    target.mkdir()
    monkeypatch.chdir(tmp_path)
    match request.param:
        case "tensorboard":
            yield TensorBoardTrackerConfig(folder=str(target)), lambda: tensorboard_points(target)
        case "mlflow":
            uri = f"sqlite:///{target}/mlflow.db"
            yield MlflowTrackerConfig(uri=uri), lambda: mlflow_points(uri)
        case "wandb":
            yield WandbTrackerConfig(folder=str(target)), lambda: wandb_points(target)
        case "jsonl":
            yield JsonlTrackerConfig(folder=str(target)), lambda: jsonl_points(target)
        case "class":
            (tmp_path / "lines_tracker.py").write_text(USERS)
            monkeypatch.syspath_prepend(str(tmp_path))
            options: dict[str, bool | int | float | str] = {"file": str(target / "lines")}
            config = CustomTrackerConfig(target="lines_tracker:Lines", options=options)
            yield config, lambda: user_points(target / "lines")
        case "webhook":
            with receiving() as receiver:
                yield (
                    WebhookTrackerConfig(url=receiver.url),
                    lambda: [
                        (body["experiment"], name, body["curves"]["generation"], value)
                        for _, body in receiver.requests
                        if body["curves"]
                        for name, value in body["curves"]["values"].items()
                    ],
                )


def test_tracker_writes_each_point_once(case: Case, tmp_path: Path) -> None:
    config, read = case
    check_tracker(lambda: make_tracker(config), read, tmp_path / "experiments")


def test_suite_finds_a_tracker_that_repeats_points(tmp_path: Path) -> None:
    """A tracker without a cursor of its own that claims to be empty is refused."""
    config = JsonlTrackerConfig(folder=str(tmp_path))
    tracker = make_tracker(config)

    class Forgetful(type(tracker)):  # type: ignore[misc]
        def open(self, experiment: object) -> int:
            super().open(experiment)
            return 0

    with pytest.raises(AssertionError, match="written twice"):
        check_tracker(lambda: Forgetful(config), lambda: jsonl_points(tmp_path), tmp_path / "experiments")
