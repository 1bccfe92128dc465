"""Runs one suite in sight, and reads from its closing lines how many tests passed and failed."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Tally:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failed + other.failed)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"


# What each runner says at its end: (pattern, does the number count as a failure).
CLOSING_LINES = {
    "cargo": [(r"^test result: \w+\. (\d+) passed", False), (r"^test result: .*?; (\d+) failed", True)],
    "node": [(r"^. pass (\d+)$", False), (r"^. (?:fail|cancelled) (\d+)$", True)],
    "pytest": [(r"^=+ .*?\b(\d+) passed", False), (r"^=+ .*?\b(\d+) (?:failed|errors?)\b", True)],
    "vitest": [(r"^\s+Tests .*?\b(\d+) passed", False), (r"^\s+Tests .*?\b(\d+) failed", True)],
    "unittest": [(r"^Ran (\d+) tests?", False)],
    "check": [],
}


def run(runner: str, command: list[str | Path], cwd: Path, env: dict[str, str], log: Path) -> Tally:
    """One command. A failure that no closing line tells of still counts as one."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as copy:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**env, "NO_COLOR": "1", "CARGO_TERM_COLOR": "never"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        for row in process.stdout:
            sys.stdout.write(row)
            sys.stdout.flush()
            copy.write(row)
        status = process.wait()
    return read(runner, log.read_text(), status)


def read(runner: str, printed: str, status: int) -> Tally:
    sums = {False: 0, True: 0}
    for row in ANSI.sub("", printed).splitlines():
        for pattern, is_failure in CLOSING_LINES[runner]:
            if found := re.search(pattern, row):
                sums[is_failure] += int(found[1])
    tally = Tally(sums[False], sums[True])
    if runner == "check":
        return Tally(passed=1) if status == 0 else Tally(failed=1)
    if status != 0 and tally.failed == 0:
        return tally + Tally(failed=1)
    if status == 0 and tally.passed == 0:
        return Tally(failed=1)  # a suite that ran nothing has not passed
    return tally
