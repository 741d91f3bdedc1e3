"""Trackers: adapters that write an experiment to TensorBoard, MLflow, W&B, a JSONL file, a webhook or a user's class.

`factory` checks and creates them. Each adapter is a module that is imported only when it is used, because its library
is an extra and takes seconds to import.
"""

from clau_doom.trackers.factory import check_tracker_config, load_custom_tracker, make_tracker

__all__ = ["check_tracker_config", "load_custom_tracker", "make_tracker"]
