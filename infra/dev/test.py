"""`make test`: every check and test of the project, on processes, ports and a database of its own."""

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import build
import say
import tools
from checkout import CONSOLE, E2E, ROOT, Ports, Stop, state_dir
from counted import Tally, run
from credentials import Secrets
from lock import Running
from postgres import FORGETFUL, Postgres
from shared_stack import shared_stack

HOME = state_dir() / "test"
LOGS = HOME / "logs"


@dataclass(frozen=True)
class Suite:
    name: str
    what: str
    run: Callable[[], Tally]


def launcher() -> Tally:
    discover = [sys.executable, "-B", "-m", "unittest", "discover"]
    launcher = run("unittest", [*discover, "-s", "tests", "-t", "."], ROOT / "infra/dev", dict(os.environ), LOGS / "launcher.log")
    return launcher + run("unittest", discover, E2E / "bench", dict(os.environ), LOGS / "bench-table.log")


def console() -> Tally:
    build.node_modules(CONSOLE)
    checked = run("vitest", ["npm", "run", "--silent", "check"], CONSOLE, dict(os.environ), LOGS / "console.log")
    try:
        build.console()
    except Stop as stop:
        say.problem(str(stop))
        return checked + Tally(failed=1)
    return checked


def rust() -> Tally:
    _console_is_there()
    total = run("check", ["cargo", "fmt", "--all", "--check"], ROOT, build.cargo_environment(), LOGS / "fmt.log")
    database = Postgres(HOME / "postgres", Ports.free().postgres, Secrets.generate().postgres_password, LOGS / "postgres.log", FORGETFUL)
    database.start()
    try:
        # Without fail-fast: one broken crate must not hide what the others say.
        command = ["cargo", "test", "--workspace", "--locked", "--no-fail-fast"]
        total += run("cargo", command, ROOT, build.cargo_environment(DATABASE_URL=database.url), LOGS / "rust.log")
    finally:
        database.stop()
        database.remove()
    return total


def clippy() -> Tally:
    _console_is_there()
    command = ["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]
    return run("check", command, ROOT, build.cargo_environment(), LOGS / "clippy.log")


def e2e(folder: str, python: bool = False, at_once: int = 1) -> Callable[[], Tally]:
    """
    A folder of node tests against one shared stack; each test file makes its own account and apps in it. Files that
    mostly wait, for pauses that are prescribed or for a page, run two at once.
    """

    def node_tests() -> Tally:
        _processes_are_built()
        build.node_modules(E2E)
        if python:
            build.venv(E2E / "python")
        files = sorted(str(path.relative_to(E2E)) for path in (E2E / folder).rglob("*.test.mjs"))
        with shared_stack(HOME / f"stack-{folder}") as env:
            command = ["node", "--test", "--test-reporter=spec", "--test-timeout=300000", "--test-force-exit", f"--test-concurrency={at_once}", *files]
            return run("node", command, E2E, env, LOGS / f"e2e-{folder}.log")

    return node_tests


def e2e_webhooks() -> Tally:
    # The SDK for Python verifies ours as well, in its own environment.
    os.environ["SIGNALBOX_PYTHON"] = str(build.venv(E2E / "python"))
    return e2e("webhooks", at_once=2)()


def e2e_python() -> Tally:
    _processes_are_built()
    python = build.venv(E2E / "python")
    with shared_stack(HOME / "stack-python") as env:
        return run("pytest", [python, "-B", "-m", "pytest", "-p", "no:cacheprovider", "."], E2E / "python", env, LOGS / "e2e-python.log")


SUITES = [
    Suite("launcher", "the launcher's own parts, the benchmark's table", launcher),
    Suite("console", "web console: types, lint, format, unit tests, build", console),
    Suite("rust", "cargo fmt, cargo test --workspace", rust),
    Suite("clippy", "cargo clippy, warnings denied", clippy),
    Suite("sdk", "real JavaScript clients of all dialects against the real processes", e2e("sdk")),
    Suite("across", "every dialect to every other: messages, presence, history, limits", e2e("across")),
    Suite("service", "a customer's story, caps, and the ledger under kills", e2e("service", at_once=2)),
    Suite("webhooks", "webhooks to servers of every temper, and what SDKs say of them", e2e_webhooks),
    Suite("python", "real Python clients against the real processes", e2e_python),
    Suite("bad-input", "one table of everything that must be refused", e2e("bad-input")),
    Suite("accounts", "sign-up, second factor and recovery, with the mail that is sent", e2e("accounts")),
    Suite("faults", "killed processes, slow readers, revocation, drain", e2e("faults")),
    Suite("browser", "the console in a real browser, the code it shows, run", e2e("console", python=True, at_once=2)),
]


def main() -> int:
    names = [suite.name for suite in SUITES]
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", default=",".join(names), help=f"comma-separated: {', '.join(names)}")
    chosen = arguments.parse_args().only.split(",")
    if unknown := set(chosen) - set(names):
        raise Stop(f"no such suite: {', '.join(sorted(unknown))}; there are: {', '.join(names)}")

    running = Running(state_dir() / "test.lock")
    if running.other is not None:
        raise Stop(f"the tests are already running in this checkout (process {running.other})")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    shutil.rmtree(LOGS, ignore_errors=True)
    tools.ensure(tests=True, postgres=True)

    results: list[tuple[str, Tally, float]] = []
    for suite in SUITES:
        if suite.name in chosen:
            results.append(_timed(suite))
    return _report(results)


def _timed(suite: Suite) -> tuple[str, Tally, float]:
    say.line()
    say.step(f"{suite.name}: {suite.what}")
    began = time.monotonic()
    try:
        tally = suite.run()
    except Stop as stop:
        say.problem(str(stop))
        tally = Tally(failed=1)
    took = time.monotonic() - began
    say.line(f"  {suite.name}: {tally} in {took:.0f} s")
    return suite.name, tally, took


def _report(results: list[tuple[str, Tally, float]]) -> int:
    total = Tally()
    say.line()
    for name, tally, took in results:
        say.line(f"{'✓' if not tally.failed else '✗'} {name:<10} {tally.passed:>5} passed {tally.failed:>4} failed {took:>6.0f} s")
        total += tally
    say.line()
    say.line(str(total))
    return 0 if total.passed and not total.failed else 1


def _console_is_there() -> None:
    """The control plane embeds the built console, so its crate does not compile without."""
    if not (CONSOLE / "dist" / "index.html").exists():
        build.console()


def _processes_are_built() -> None:
    _console_is_there()
    build.binaries(beside_tests=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stop as stop:
        say.problem(str(stop))
        sys.exit(1)
    except KeyboardInterrupt:
        say.problem("interrupted")
        sys.exit(130)
