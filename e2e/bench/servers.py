"""Starting and ending what is measured. Every server listens on loopback only."""

import base64
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

PORTS = range(7100, 7200)
SERVER_CORE, LOAD_CORE = "0", "1"
START_SECONDS = 60
SETTLE_SECONDS = 0.4


class Trouble(Exception):
    """Something that cannot be measured, in words for the reader."""


def free_ports(count: int) -> list[int]:
    found = []
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise Trouble(f"fewer than {count} free ports in {PORTS.start} to {PORTS.stop - 1}")


@dataclass
class Running:
    process: subprocess.Popen
    port: int
    log: Path

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "nothing in its log"

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Bench:
    """Where the binaries are and where scratch files may go."""

    binaries: Path
    scratch: Path
    pinned: bool
    master_key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    def load_command(self, words: str, port: int, pid: int, more: list[str]) -> list[str]:
        command = [str(self.binaries / "bench-load"), *words.split(), *more]
        command += ["--server", f"127.0.0.1:{port}", "--pid", str(pid)]
        return ["taskset", "-c", LOAD_CORE, *command, "--spin"] if self.pinned else command

    def start(self, command: list[str], port: int, label: str, env: dict[str, str]) -> Running:
        if self.pinned:
            command = ["taskset", "-c", SERVER_CORE, *command]
        log = self.scratch / f"{label.replace('/', '_')}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, env={**os.environ, **env}
            )
        running = Running(process, port, log)
        try:
            wait_until_it_answers(running, label)
        except BaseException:
            running.end()
            raise
        time.sleep(SETTLE_SECONDS)
        return running


def wait_until_it_answers(running: Running, label: str) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if running.process.poll() is not None:
            raise Trouble(f"{label} ended with {running.process.returncode}: {running.last_words()}")
        try:
            socket.create_connection(("127.0.0.1", running.port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Trouble(f"{label} did not listen on port {running.port}: {running.last_words()}")


@dataclass
class Reference:
    """The server that marks the limit."""

    mode: str
    label: str = "limit"

    def start(self, bench: Bench, apps: int) -> Running:
        [port] = free_ports(1)
        binary = str(bench.binaries / "bench-reference")
        command = [binary, "--listen", f"127.0.0.1:{port}", "--mode", self.mode]
        return bench.start(command, port, f"{self.label}-{self.mode}", {})


@dataclass
class Gateway:
    """Our gateway alone, with all its features: it starts from its copy of the directory."""

    label: str = "Signalbox"
    dialect: str = "pusher"
    """What the subscribers speak, in bench-load's words."""
    binary: Path | None = None
    """Another build than the one measured."""

    @classmethod
    def parse(cls, text: str) -> "Gateway":
        label, separator, binary = text.partition("=")
        if not (label and separator and os.access(binary, os.X_OK)):
            raise ValueError("LABEL=PATH, of a program")
        return cls(label, binary=Path(binary).resolve())

    def start(self, bench: Bench, apps: int) -> Running:
        public, metrics, nobody = free_ports(3)
        binary = str(self.binary or bench.binaries / "signalbox-gateway")
        env = {
            "SIGNALBOX_LISTEN": f"127.0.0.1:{public}",
            "SIGNALBOX_METRICS_LISTEN": f"127.0.0.1:{metrics}",
            "SIGNALBOX_CONTROL_PLANE_URL": f"http://127.0.0.1:{nobody}",
            "SIGNALBOX_ADVERTISED_OPS_URL": f"http://127.0.0.1:{metrics}",
            "SIGNALBOX_GATEWAY_TOKEN": secrets.token_hex(16),
            "SIGNALBOX_MASTER_KEY": bench.master_key,
            "SIGNALBOX_GATEWAY_ID": "bench",
            "SIGNALBOX_LOG": "warn",
            # All clients of a benchmark have one address.
            "SIGNALBOX_METERED_CONNECTS_PER_MINUTE": "0",
        }
        if bench.pinned:
            env["SIGNALBOX_WORKERS"] = "1"
        env["SIGNALBOX_STATE_DIR"] = str(self._state(bench, binary, apps, env))
        return bench.start([binary], public, f"{self.label}-{self.dialect}", env)

    def _state(self, bench: Bench, binary: str, apps: int, env: dict[str, str]) -> Path:
        """A state directory whose copy of the directory holds this many apps, for this build."""
        build = self.label if self.binary else "measured"
        state = bench.scratch / f"state-{build}-{apps}"
        if state.exists():
            return state
        state.mkdir()
        snapshot = bench.scratch / f"directory-{apps}.ndjson"
        env = {**os.environ, **env}
        with snapshot.open("w") as out:
            print_it = [str(bench.binaries / "bench-directory"), "--apps", str(apps)]
            subprocess.run(print_it, stdout=out, env=env, check=True)
        import_it = [binary, "directory-import", str(snapshot), "--state-dir", str(state)]
        done = subprocess.run(import_it, capture_output=True, text=True, env=env)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()[-300:]
            shutil.rmtree(state, ignore_errors=True)
            raise Trouble(f"the gateway did not import the directory: {said}")
        return state


@dataclass
class Other:
    """A server by its command; `{port}` in it stands for where it has to listen."""

    label: str
    command: str

    @classmethod
    def parse(cls, text: str) -> "Other":
        label, separator, command = text.partition("=")
        if not (label and separator and "{port}" in command):
            raise ValueError("LABEL=CMD, with {port} in CMD")
        return cls(label, command)

    def start(self, bench: Bench, apps: int) -> Running:
        [port] = free_ports(1)
        words = [word.replace("{port}", str(port)) for word in shlex.split(self.command)]
        return bench.start(words, port, self.label, {})
