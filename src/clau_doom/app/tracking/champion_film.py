"""Film of a champion for trackers, kept in the experiment's folder."""

from pathlib import Path

from clau_doom.app.catalog.folder_source import RemoteServer
from clau_doom.app.film_process import film_episode
from clau_doom.domain import Purpose
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError
from clau_doom.logs import get_logger
from clau_doom.trackers.plain_data import make_folder

__all__ = ["film_champion"]

_FOLDER = "films"
_GIF_SECONDS = 10.0
"""Length of a gif. A gif of a whole episode has tens of megabytes."""

_log = get_logger(__name__)


async def film_champion(
    output_dir: Path, trackers: Path, champion: str, suffix: str, *, remote: RemoteServer | None = None
) -> Path | None:
    """Return the film of the champion's first held-out episode; a gif shows its first 10 seconds.

    The film is made if it does not exist. A film that cannot be made is reported in the log and left out.

    Args:
        output_dir: Folder of experiments.
        trackers: Folder of the trackers' files.
        champion: Id of the champion.
        suffix: Format, such as ``.gif``.
        remote: Server of the experiment. None: the experiment is in the output folder.
    """
    path = trackers / _FOLDER / f"{champion}{suffix}"
    try:
        make_folder(path.parent)
        if not path.exists():
            seconds = _GIF_SECONDS if suffix == ".gif" else None
            await film_episode(output_dir, champion, Purpose.HELD_OUT, 0, path, seconds=seconds, remote=remote)
    except (ClauDoomError, OSError) as error:
        _log.warning("the champion's film cannot be made", agent=champion, reason=describe(error))
        return None
    return path
