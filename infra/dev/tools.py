"""Which programs a task needs, and how to get the ones that are missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from checkout import ROOT, Stop

RUST = (1, 95)
NODE = (20, 19)
POSTGRES = (15,)

RUST_HELP = """Rust {needed} or newer is needed ({found}).
Install it with rustup, then run the command again:
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c clippy -c rustfmt
    . "$HOME/.cargo/env"
With rustup already there: rustup update stable"""

NODE_HELP = """Node.js {needed} or newer with npm is needed ({found}).
This Debian offers {offered}. Install a newer one from https://nodejs.org/en/download
(or with a version manager, for example: nvm install 22), then run the command again."""


def ensure(*, tests: bool, postgres: bool) -> None:
    """Everything this task calls is on PATH afterwards, or `Stop` says what to do."""
    _add_cargo_to_path()
    packages = []
    if not shutil.which("cc"):
        packages.append("build-essential")
    if postgres and not postgres_bin():
        packages.append("postgresql")
    if _node() is None and (_offered("nodejs") or (0,)) >= NODE:
        packages += ["nodejs", "npm"]
    if tests:
        if not _has_venv():
            packages.append("python3-venv")
        if not chromium():
            packages += ["chromium", "fonts-dejavu"]
        if not shutil.which("openssl"):
            packages.append("openssl")
    if packages and subprocess.run([ROOT / "infra/dev/install.sh", *packages], check=False).returncode:
        raise Stop("packages are missing: " + " ".join(packages))

    if (found := version(["rustc", "--version"])) is None or found < RUST or not shutil.which("cargo"):
        raise Stop(RUST_HELP.format(needed=dotted(RUST), found=_found(found)))
    if (found := _node()) is None or found < NODE:
        offered = _offered("nodejs")
        offered = f"nodejs {dotted(offered)}" if offered else "no nodejs package"
        raise Stop(NODE_HELP.format(needed=dotted(NODE), found=_found(found), offered=offered))
    if tests:
        for part in ("rustfmt", "clippy-driver"):
            if not shutil.which(part):
                raise Stop("rustfmt and clippy are needed: rustup component add rustfmt clippy")
    if postgres:
        bin_dir = postgres_bin()
        if bin_dir is None or (version([str(bin_dir / "postgres"), "--version"]) or (0,)) < POSTGRES:
            raise Stop(f"Postgres {dotted(POSTGRES)} or newer is needed: install the package postgresql, or set DATABASE_URL")


def postgres_bin() -> Path | None:
    """Debian keeps the server's programs off PATH, one folder per major version."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def chromium() -> str | None:
    return os.environ.get("SIGNALBOX_CHROMIUM") or shutil.which("chromium")


def version(command: list[str]) -> tuple[int, ...] | None:
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(r"(\d+(?:\.\d+)+)", printed)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def dotted(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))


def _found(found: tuple[int, ...] | None) -> str:
    return f"found {dotted(found)}" if found else "found none"


def _node() -> tuple[int, ...] | None:
    return version(["node", "--version"]) if shutil.which("npm") else None


def _offered(package: str) -> tuple[int, ...] | None:
    """The version apt would install, if any."""
    return version(["sh", "-c", f"apt-cache policy {package} 2>/dev/null | grep Candidate:"])


def _has_venv() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode == 0


def _add_cargo_to_path() -> None:
    cargo = Path.home() / ".cargo" / "bin"
    if not shutil.which("cargo") and (cargo / "cargo").exists():
        os.environ["PATH"] = f"{cargo}{os.pathsep}{os.environ['PATH']}"
