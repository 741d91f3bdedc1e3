"""Records of an offline run of W&B, which Python code of W&B 0.31 cannot read.

The file has the format of LevelDB's log: blocks of 32 KiB with parts of records. A record is a message of W&B.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

__all__ = ["is_finished", "records_of"]

_MAGIC = b":W&B"
_FILE_HEADER = 7
_PART = struct.Struct("<IHB")
"""Checksum, length and kind of a part."""
_BLOCK = 32768
_ENDS = {1, 4}
"""Kinds of a whole record, and of the last part of a record."""


def records_of(run: Path) -> Iterator[Any]:
    """Yield the complete records of a run, as messages of W&B.

    Args:
        run: Folder of the run.
    """
    content = b"".join(file.read_bytes() for file in run.glob("run-*.wandb"))
    position, record = _FILE_HEADER, b""
    while content.startswith(_MAGIC) and position + _PART.size <= len(content):
        if (left := _BLOCK - position % _BLOCK) < _PART.size:
            position += left
            continue
        _, length, kind = _PART.unpack_from(content, position)
        position += _PART.size + length
        if position > len(content):
            return
        record += content[position - length : position]
        if kind in _ENDS:
            yield Record.FromString(record)
            record = b""


def is_finished(run: Path) -> bool:
    """Return whether the file of a run contains the end of the run."""
    return any(record.HasField("exit") for record in records_of(run))
