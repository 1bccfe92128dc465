"""What the launcher prints while it works."""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

_TTY = sys.stdout.isatty()


def line(text: str = "") -> None:
    print(text, flush=True)


def step(text: str) -> None:
    line(f"\033[1m› {text}\033[0m" if _TTY else f"› {text}")


def problem(text: str) -> None:
    print(f"\033[31m✗\033[0m {text}" if sys.stderr.isatty() else f"✗ {text}", file=sys.stderr, flush=True)


@contextmanager
def waiting(text: str, every_s: float = 10.0):
    """Says what is going on at once, and that it still is, every few seconds."""
    step(text)
    done = threading.Event()
    began = time.monotonic()

    def remind() -> None:
        while not done.wait(every_s):
            line(f"  … {text}: {time.monotonic() - began:.0f} s")

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        done.set()
        reminder.join()


def shown(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> int:
    """Runs a command whose own output is the progress report."""
    return subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=False).returncode


def tail(path: Path, lines: int = 30) -> str:
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join(f"    {row}" for row in text.splitlines()[-lines:]) or "    (the log is empty)"
