"""Where things lie in this checkout, and the configuration the launcher reads."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("SIGNALBOX_DEV_STATE") or ROOT / ".signalbox").resolve()
CONSOLE = ROOT / "web-console"
E2E = ROOT / "e2e"

DEFAULT_PORTS = {
    "gateway": ("SIGNALBOX_GATEWAY_PORT", 6001),
    "metrics": ("SIGNALBOX_METRICS_PORT", 9601),
    "console": ("SIGNALBOX_CONSOLE_PORT", 8000),
    "postgres": ("SIGNALBOX_POSTGRES_PORT", 5433),
    "console_metrics": ("SIGNALBOX_CONSOLE_METRICS_PORT", 9602),
}


class Stop(Exception):
    """A reason to give up that the person at the terminal can act on."""


@dataclass(frozen=True)
class Ports:
    gateway: int
    metrics: int
    console: int
    postgres: int
    console_metrics: int

    @classmethod
    def from_environment(cls) -> "Ports":
        return cls(**{name: _port(variable, default) for name, (variable, default) in DEFAULT_PORTS.items()})

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nothing listens on, held together so that no two are the same."""
        held = [socket.create_server(("127.0.0.1", 0)) for _ in DEFAULT_PORTS]
        try:
            return cls(*(server.getsockname()[1] for server in held))
        finally:
            for server in held:
                server.close()

    def refuse_taken(self, names: tuple[str, ...]) -> None:
        for name in names:
            variable, _ = DEFAULT_PORTS[name]
            port = getattr(self, name)
            try:
                socket.create_server(("127.0.0.1", port)).close()
            except OSError as error:
                raise Stop(
                    f"port {port} ({name}) cannot be used: {error.strerror or error}\n"
                    f"choose another with {variable}=…"
                ) from None


def _port(variable: str, default: int) -> int:
    raw = os.environ.get(variable, str(default))
    if not raw.isascii() or not raw.isdigit() or not 0 < int(raw) < 65536:
        raise Stop(f"{variable}={raw!r} is not a port")
    return int(raw)


def target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()


def binary(name: str) -> Path:
    return target() / "debug" / name


def state_dir() -> Path:
    """Others may pass through (the database user must), but not look around; secrets in it are 0600."""
    STATE.mkdir(exist_ok=True)
    STATE.chmod(0o711)
    return STATE
