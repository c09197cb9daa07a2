"""What the measurements run on: the page server, a private PostgreSQL cluster, and processes under watch.

Everything started here is stopped by its own handle. A program that fails ends the comparison with the end of what it
printed: a peer that did not store everything has no rate.
"""

import os
import pwd
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT_S = 900
SAMPLE_S = 0.05
# A sample of a large process takes milliseconds: at most this share of one processor goes into looking.
SAMPLE_SHARE = 0.03


class Failed(Exception):
    """A program did not do what it was started for."""


@dataclass(frozen=True)
class Measured:
    """One run of one program, from its start to its end."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


@contextmanager
def province(binary: Path, folder: Path) -> Iterator[str]:
    """The simulated province in a process of its own; gives its address."""
    told = folder / "province.log"
    order = [str(binary), "simulate", "--today", "2026-11-25", "--people", "120", "--tasks", "0"]
    with told.open("wb") as log:
        process = subprocess.Popen([*order, "--data-dir", str(folder / "province")], stdout=log, stderr=log)
    try:
        yield _address(process, told)
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"http://\S+", told.read_text()):
            return found.group()
        time.sleep(0.05)
    raise Failed(f"the simulated province does not start: {told.read_text()}")


class Cluster:
    """A private PostgreSQL cluster: loopback only, password asked for, every commit flushed to the disk."""

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not programs:
            raise Failed("PostgreSQL is missing: apt-get install postgresql")
        self._bin = programs[-1].parent
        self._account: dict[str, Any] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="lt-peers-pg"))
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            self._account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._password = secrets.token_hex(16)
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self._port: int = held.getsockname()[1]
        self._server: subprocess.Popen[bytes] | None = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _run(self, name: str, *arguments: str) -> str:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self._bin / name, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={"LC_ALL": "C.UTF-8", "PGPASSWORD": self._password, "PATH": os.environ["PATH"]},
            check=False,
            **self._account,
        )
        if done.returncode:
            raise Failed(f"{name}: {done.stderr}")
        return done.stdout

    def _start(self) -> None:
        data = str(self.folder / "data")
        given = self.folder / "password"
        given.touch(mode=0o600)
        given.write_text(self._password)
        if self._account:
            os.chown(given, self._account["user"], self._account["group"])
        self._run(
            "initdb", "--no-sync", "--auth=scram-sha-256", "--username=lienthong", "--encoding=UTF8",
            f"--pwfile={given}", "--pgdata", data,
        )  # fmt: skip
        settings = [
            f"port={self._port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}",
            "max_connections=40", "fsync=on", "synchronous_commit=on",
        ]  # fmt: skip
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._bin / "postgres", "-D", data, *(part for one in settings for part in ("-c", one))],
                stdout=log, stderr=log, cwd=self.folder, env={"LC_ALL": "C"}, **self._account,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                self.ask("postgres", "SELECT 1")
                return
            except Failed:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def url(self, database: str) -> str:
        """Where a database is, as every program here takes it."""
        return f"postgresql://lienthong:{self._password}@127.0.0.1:{self._port}/{database}"

    def settings(self, database: str) -> dict[str, str | int]:
        """The same in parts."""
        return {
            "host": "127.0.0.1",
            "port": self._port,
            "user": "lienthong",
            "password": self._password,
            "database": database,
        }

    def ask(self, database: str, sql: str) -> str:
        """The rows of a statement, a line each, values separated by tabs."""
        place = ("-h", "127.0.0.1", "-p", str(self._port), "-U", "lienthong", "-d", database)
        return self._run("psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", *place, "-c", sql)

    def stop(self) -> None:
        """Ends the server and removes its folder."""
        if self._server:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(30)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _tree(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _tree(int(child))


def _memory_mib(process: int) -> float:
    """Memory of a process and all below it; what several share counts once."""
    total = 0
    try:
        for one in _tree(process):
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found.group(1)) if found else 0
    except OSError:
        # A process of the tree ended meanwhile: the next sample counts the rest.
        return 0
    return total / 1024


def watch(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Runs a program to its end in a folder of its own."""
    told = folder / "told.log"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with told.open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environment,
            start_new_session=True,
        )  # fmt: skip
    ended = threading.Event()
    peak = [0.0]

    def sample() -> None:
        pause = SAMPLE_S
        while not ended.wait(pause):
            looked = time.thread_time()
            peak[0] = max(peak[0], _memory_mib(process.pid))
            pause = max(SAMPLE_S, (time.thread_time() - looked) / SAMPLE_SHARE)

    sampler = threading.Thread(target=sample)
    sampler.start()
    # Waiting with a limit would look every 50 ms: too coarse for a program that takes a second.
    limit = threading.Timer(LIMIT_S, os.killpg, (process.pid, signal.SIGKILL))
    limit.start()
    try:
        code = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        seconds = time.perf_counter() - began
        limit.cancel()
        ended.set()
        sampler.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        late = f" after the limit of {LIMIT_S} s (--skip leaves a program out)" if seconds >= LIMIT_S else ""
        raise Failed(f"{command[0]} ended with {code}{late}:\n{told.read_text(errors='replace')[-3000:]}")
    spent = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return Measured(seconds, spent, peak[0])
