"""Worker: the loop that plays a policy's genome on a seed, and the process that runs the loop on request.

A worker plays one episode at a time. The orchestrator manages generations, retries and results. A shared memory page
shows whether the engine or the policy is running. The orchestrator needs this page because a worker with a hung engine
cannot send messages.
"""

from clau_doom.worker.custom_measures import CustomMeasure, load_measures
from clau_doom.worker.progress_page import Phase, ProgressPage
from clau_doom.worker.provenance import collect_facts
from clau_doom.worker.rollout import Rollout, play
from clau_doom.worker.shared_frame import SharedFrame

__all__ = ["CustomMeasure", "Phase", "ProgressPage", "Rollout", "SharedFrame", "collect_facts", "load_measures", "play"]
