"""Records per second from the same HTTP pages to a database: ours, dlt, a Meltano tap and target, Airbyte.

Every run is a whole command on an empty store, and all programs take turns, so that a busy machine disturbs all of
them. After every run the stored keys and titles are compared with what the pages hold. Ends with 1 when we are not
at least `BAR` times as fast as the fastest peer that stores into the same kind of database.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from environments import ROOT
from machine import Cluster, Failed, Measured, province, watch
from programs import BENCH_KEY, KINDS, Place, Program, programs

BAR = 7.0
PAGE = 500


def built(target: Path) -> Path:
    """Our release build."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    return target / "release/lienthong"


def digest(rows: Iterable[str]) -> tuple[int, str]:
    """How many records, and a checksum of their keys and titles in order of key."""
    ordered = sorted(rows)
    return len(ordered), hashlib.sha256("\n".join(ordered).encode()).hexdigest()[:16]


def expected(pages: str) -> tuple[int, str]:
    """The same of what the pages hold."""
    rows: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        request = urllib.request.Request(f"{pages}/tasks?limit={PAGE}&cursor={cursor}")
        request.add_header("X-Api-Key", BENCH_KEY)
        with urllib.request.urlopen(request) as answer:
            page = json.load(answer)
        rows += [f"{item['id']}\t{item['title']}" for item in page["items"]]
        cursor = page["next_cursor"]
    return digest(rows)


class Bench:
    """Runs programs, each on an empty store."""

    def __init__(self, folder: Path, target: Path, binary: Path, address: str, cluster: Cluster) -> None:
        self._folder, self._target, self._binary = folder, target, binary
        self._address, self._cluster, self._made = address, cluster, 0
        self._wanted: dict[int, tuple[int, str]] = {}

    def run(self, program: Program, records: int) -> Measured:
        """One run, checked."""
        pages = f"{self._address}/bench/{records}/v1"
        if records not in self._wanted:
            self._wanted[records] = expected(pages)
        self._made += 1
        folder, database = self._folder / f"run{self._made}", f"run{self._made}"
        folder.mkdir(mode=0o700)
        self._cluster.ask("postgres", f"CREATE DATABASE {database}")
        place = Place(folder, pages, self._target, self._binary, self._cluster, database)
        command = program.command(place)
        os.sync()
        measured = watch(command, folder, program.environment(place))
        stored = digest(program.rows(place))
        if stored != self._wanted[records]:
            raise Failed(f"{program.name} ({program.kind}) stored {stored} and not {self._wanted[records]}")
        self._cluster.ask("postgres", f"DROP DATABASE {database}")
        shutil.rmtree(folder)
        return measured


def load() -> str:
    """What else the machine does: processes that ran or waited, over one minute."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def table(runs: dict[Program, list[Measured]], start: dict[Program, float], records: int) -> bool:
    """Prints the medians; whether the bar was reached for every kind of database."""
    seconds = {program: median(one.seconds for one in all) for program, all in runs.items()}
    columns = "{:<38} {:<14} {:<10} {:>9} {:>19} {:>7} {:>9} {:>7} {:>10}"
    titles = ["program", "version", "database", "records/s", "(range)", "factor", "start, s", "CPU, s", "memory"]
    print(columns.format(*titles))
    good = True
    for program, all_runs in runs.items():
        rates = sorted(records / one.seconds for one in all_runs)
        ours = [one for one in runs if one.ours and (one.kind == program.kind or program.kind == "none")]
        factors = [seconds[program] / seconds[one] for one in ours]
        if not program.ours and program.kind != "none":
            good &= factors[0] >= BAR
        shown = [
            f"{records / seconds[program]:,.0f}",
            f"{rates[0]:,.0f} to {rates[-1]:,.0f}",
            "" if program.ours else "/".join(f"{factor:.1f}" for factor in factors),
            f"{start[program]:.1f}",
            f"{median(one.cpu_seconds for one in all_runs):.1f}",
            f"{max(one.peak_mib for one in all_runs):.0f} MiB",
        ]
        print(columns.format(program.name, program.version, program.kind, *shown))
    return good


def compare(args: argparse.Namespace, target: Path) -> bool:
    """Measures everything and prints the table."""
    binary = args.binary.resolve() if args.binary else built(target)
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    every = programs([args.only] if args.only else KINDS, told.split()[1])
    chosen = [one for one in every if one.ours or not any(part in one.name for part in args.skip)]
    cluster = Cluster()
    folder = Path(tempfile.mkdtemp(prefix="peers", dir=target))
    try:
        with province(binary, folder) as address:
            bench = Bench(folder, target, binary, address, cluster)
            print(load())
            # One page each: shows the start alone, compiles Python's files, warms the disk.
            start = {program: bench.run(program, PAGE).seconds for program in chosen}
            runs: dict[Program, list[Measured]] = {program: [] for program in chosen}
            for round_number in range(args.rounds):
                for program, measured in runs.items():
                    measured.append(bench.run(program, args.records))
                    rate = args.records / measured[-1].seconds
                    print(
                        f"round {round_number + 1}: {program.name}, {program.kind}: {rate:,.0f}/s, {load()}",
                        file=sys.stderr,
                    )
        print(load())
        print(f"{args.records:,} records in pages of {PAGE}, whole commands, medians of {args.rounds} rounds")
        good = table(runs, start, args.records)
        for part in args.skip:
            print(f"left out: {part}")
        verdict = "reached" if good else "MISSED"
        print(f"bar: {BAR:.0f} times every peer that stores into the same kind of database: {verdict}")
        return good
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Reads the options; 0 when the bar was reached."""
    parser = argparse.ArgumentParser(description=__doc__, prog="benches/peers/run")
    parser.add_argument("--records", type=int, default=100_000, help="records of one run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each program (default: %(default)s)")
    parser.add_argument("--only", choices=KINDS, help="one kind of database alone")
    parser.add_argument("--skip", default=[], nargs="+", metavar="PART", help="programs with this in their names")
    parser.add_argument("--binary", type=Path, help="a release build of ours; default: cargo builds it")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    target.mkdir(exist_ok=True)
    # Told to end, it still stops the server and the province.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return 0 if compare(parser.parse_args(), target) else 1
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
