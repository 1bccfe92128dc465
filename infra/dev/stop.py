"""`make stop` ends what `make run` started; `make clean` also forgets everything."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import postgres
import say
from checkout import CONSOLE, E2E, ROOT, STATE, state_dir, target
from lock import Running

WAIT_S = 45


def stop() -> bool:
    lock = state_dir() / "run.lock"
    if not (running := Running(lock)).other:
        say.line("not running")
        return True
    say.step(f"stopping process {running.other}")
    os.kill(running.other, signal.SIGTERM)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if Running(lock).other is None:
            say.line("  stopped")
            return True
        time.sleep(0.2)
    say.problem(f"process {running.other} is still there after {WAIT_S} s")
    return False


def clean() -> None:
    """State and everything built: what is left is what git holds."""
    kept_elsewhere = STATE / "postgres"
    if kept_elsewhere.is_symlink() and (data := kept_elsewhere.resolve()).parent == postgres.FALLBACK:
        _remove(data)
    for path in (STATE, target(), CONSOLE / "node_modules", CONSOLE / "dist", E2E / "node_modules", E2E / "python" / ".venv"):
        _remove(path)


def _remove(path: Path) -> None:
    if path.exists():
        say.line(f"  removing {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
        shutil.rmtree(path)


if __name__ == "__main__":
    if not stop():
        sys.exit(1)
    if "--clean" in sys.argv[1:]:
        clean()
