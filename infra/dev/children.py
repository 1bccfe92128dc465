"""Processes that this launcher started and must not outlive."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import say
from checkout import Stop

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """One process in a session of its own, so that Ctrl-C reaches the launcher alone and the order of stopping is ours."""

    def __init__(
        self,
        name: str,
        command: list[str | Path],
        log: Path,
        env: dict[str, str],
        *,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._env = env
        self._user = user
        self._stop_signal = stop_signal
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        stop_signal = int(self._stop_signal)
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
                # A launcher that is killed takes its children along.
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0),
                **as_user(self._user),
            )

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def ended(self) -> int | None:
        """The exit status once the process has ended, `None` before."""
        return self._process.poll() if self._process else None

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if (status := self.ended()) is not None:
                raise Stop(f"{self.name} {describe(status)} while starting; the end of {self.log}:\n{say.tail(self.log)}")
            if time.monotonic() > deadline:
                raise Stop(f"{self.name} was not ready after {seconds:.0f} s; the end of {self.log}:\n{say.tail(self.log)}")
            time.sleep(0.05)

    def send(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, seconds: float) -> int | None:
        """Asks, waits, insists. The exit status, `None` if it never ran."""
        if not self._process:
            return None
        self.send(self._stop_signal)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            say.problem(f"{self.name} did not stop within {seconds:.0f} s and is killed")
            self._process.kill()
            return self._process.wait()


def as_user(user: str | None) -> dict[str, object]:
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def describe(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
