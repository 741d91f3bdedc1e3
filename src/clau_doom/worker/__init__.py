"""What runs beside an engine: the loop that plays a policy's genome on a seed, and the process that does it on request.

A worker plays one episode at a time and knows nothing of generations, retries or results. It tells its orchestrator
where it is (in the engine or in the policy) through a page of shared memory, because a worker whose engine hangs can
tell nothing by itself any more.
"""

from clau_doom.worker.progress_page import Phase, ProgressPage
from clau_doom.worker.provenance import collect_facts
from clau_doom.worker.rollout import Rollout, play
from clau_doom.worker.shared_frame import SharedFrame

__all__ = ["Phase", "ProgressPage", "Rollout", "SharedFrame", "collect_facts", "play"]
