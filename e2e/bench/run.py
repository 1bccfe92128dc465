#!/usr/bin/env python3
"""The benchmark: the gateway beside the fastest server this machine allows. See README.md."""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import table
from scenarios import DIALECT_ROWS, DIALECTS, GROWTH, SCENARIOS
from servers import Bench, Gateway, Other, Reference, Trouble

ROOT = Path(__file__).resolve().parents[2]
SPARE_DESCRIPTORS = 500
RUN_SECONDS = 300


@dataclass
class Measurement:
    """One scenario at one server in one repetition."""

    server: Gateway | Reference | Other
    scenario: str
    words: str
    rep: int
    apps: int = 1
    step: int | None = None

    def run(self, bench: Bench, timing: list[str]) -> dict:
        result = {"server": self.server.label, "scenario": self.scenario, "rep": self.rep}
        if self.step is not None:
            result["step"] = self.step
        try:
            running = self.server.start(bench, self.apps)
            try:
                pid = running.process.pid
                words = f"{self.words} --dialect {getattr(self.server, 'dialect', 'pusher')}"
                result["report"] = load(bench.load_command(words, running.port, pid, timing))
            finally:
                running.end()
        except (Trouble, OSError, subprocess.SubprocessError) as error:
            result["error"] = str(error)
        return result


def load(command: list[str]) -> dict:
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise Trouble(done.stderr.strip() or f"bench-load ended with {done.returncode}") from None


def plan(options: argparse.Namespace, servers: list) -> list[Measurement]:
    """Limit and servers take turns within each scenario, so that they share the machine's moods."""
    measurements = []
    for rep in range(options.reps):
        for name in options.scenarios:
            scenario = SCENARIOS[name]
            words = fit_descriptors(scenario.load)
            takers = [*([] if options.dialects else [Reference(scenario.limit)]), *servers]
            for server in takers if rep % 2 == 0 else reversed(takers):
                measurements.append(Measurement(server, name, words, rep))
        for name in options.growth:
            growth = GROWTH[name]
            for step in growth.steps[:2] if options.quick else growth.steps:
                words = fit_descriptors(growth.load.format(n=step))
                for server in servers:
                    measurements.append(
                        Measurement(server, name, words, rep, growth.apps(step), step)
                    )
    return measurements


def fit_descriptors(words: str) -> str:
    """Fewer connections where this process may not open so many."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_DESCRIPTORS
    fitted = words.split()
    for option in ("--subscribers", "--bystanders"):
        if option in fitted and int(fitted[fitted.index(option) + 1]) > most:
            fitted[fitted.index(option) + 1] = str(most)
            say(f"only {most:,} connections: the limit on open files allows no more")
    return " ".join(fitted)


def build(options: argparse.Namespace) -> Path:
    packages = ["-p", "signalbox-bench"] + ([] if options.no_gateway else ["-p", "gateway"])
    if not options.no_build:
        say("building in release mode")
        subprocess.run(["cargo", "build", "--release", "--quiet", *packages], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return (target if target.is_absolute() else ROOT / target) / "release"


def can_pin() -> bool:
    return {0, 1} <= os.sched_getaffinity(0) and shutil.which("taskset") is not None


def raise_descriptor_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def names(known: dict) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(known)}")
        return chosen

    return parse


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", nargs="?", type=Path, help="file to append raw results to, as JSONL")
    parser.add_argument("--reps", type=int, default=3, help="repetitions (3)")
    parser.add_argument(
        "--scenarios", type=names(SCENARIOS), default=list(SCENARIOS), help="for instance A,C,E"
    )
    parser.add_argument(
        "--growth", type=names(GROWTH), default=list(GROWTH), help="of channels,apps,connections"
    )
    parser.add_argument(
        "--dialects",
        action="store_true",
        help="Signalbox's dialects beside each other instead: A, A1, B and E",
    )
    parser.add_argument("--quick", action="store_true", help="one short repetition, to see it work")
    parser.add_argument("--warm-up", type=float, default=0.6, help="seconds (0.6)")
    parser.add_argument("--duration", type=float, default=2.5, help="seconds measured (2.5)")
    parser.add_argument(
        "--server-cmd",
        metavar="LABEL=CMD",
        type=Other.parse,
        action="append",
        default=[],
        help="another server that knows the benchmark's app; {port} in CMD is where it listens",
    )
    parser.add_argument(
        "--beside",
        metavar="LABEL=PATH",
        type=Gateway.parse,
        action="append",
        default=[],
        help="another build of the gateway, such as one from before a change",
    )
    parser.add_argument("--no-gateway", action="store_true", help="leave Signalbox out")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    parser.add_argument("--unpinned", action="store_true", help="leave cores to the scheduler")
    options = parser.parse_args()
    if options.dialects:
        compared = {row.scenario for row in DIALECT_ROWS}
        options.scenarios = [name for name in options.scenarios if name in compared]
        options.growth = []
        if options.no_gateway or options.beside or options.server_cmd:
            parser.error("--dialects compares Signalbox with itself")
    if options.quick:
        options.reps, options.warm_up, options.duration = 1, 0.2, 0.5
    return options


def main() -> int:
    options = arguments()
    servers = ([] if options.no_gateway else [Gateway()]) + options.beside + options.server_cmd
    if options.dialects:
        servers = [Gateway(label, dialect) for dialect, label in DIALECTS.items()]
    labels = [server.label for server in servers]
    binaries = build(options)
    pinned = not options.unpinned
    if pinned and not can_pin():
        say("not pinned: that takes cores 0 and 1 and taskset; ratios will be rough")
        pinned = False
    raise_descriptor_limit()
    timing = ["--warm-up", str(options.warm_up), "--duration", str(options.duration)]
    measurements = plan(options, servers)
    results = []
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as scratch:
        bench = Bench(binaries, Path(scratch), pinned)
        for at, measurement in enumerate(measurements, 1):
            step = "" if measurement.step is None else f" at {measurement.step:,}"
            say(f"{at}/{len(measurements)} {measurement.scenario}{step} {measurement.server.label}")
            results.append(measurement.run(bench, timing))
            if options.raw:
                with options.raw.open("a") as raw:
                    raw.write(json.dumps(results[-1]) + "\n")
    return print_report(results, labels, options)


def print_report(results: list[dict], labels: list[str], options: argparse.Namespace) -> int:
    if options.dialects:
        print(table.dialects_table(results, options.scenarios), end="\n\n")
    elif options.scenarios:
        print(table.targets_table(results, labels, options.scenarios), end="\n\n")
    if options.growth and labels:
        print(table.growth_table(results, labels, options.growth), end="\n\n")
    wrong = table.errors(results)
    if not wrong:
        print("No message was lost, repeated or reordered in any run.")
        return 0
    print("What went wrong:", *wrong, sep="\n- ")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
