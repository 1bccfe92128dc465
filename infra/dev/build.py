"""Builds what runs: the console, then the two binaries that carry and serve it."""

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import say
from checkout import CONSOLE, ROOT, Stop, state_dir

BINARIES = ("signalbox-control-plane", "signalbox-gateway")


def node_modules(folder: Path) -> None:
    """`npm ci`, unless exactly these locked packages are installed already."""
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".signalbox-lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say.step(f"installing npm packages in {folder.relative_to(ROOT)}/")
    if say.shown(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder):
        raise Stop(f"npm ci failed in {folder}")
    stamp.write_text(wanted)


def console() -> None:
    node_modules(CONSOLE)
    stamp = state_dir() / "console.stamp"
    sources = _fingerprint(CONSOLE)
    # A build by hand leaves out what is added below.
    is_whole = all((CONSOLE / "dist" / name).exists() for name in ("index.html", "pusher.min.js"))
    if is_whole and stamp.exists() and stamp.read_text() == sources:
        return
    say.step("building the console")
    if say.shown(["npm", "run", "--silent", "build"], CONSOLE):
        raise Stop("the console could not be built")
    # The page that `make run` prints loads the browser SDK from here, so it works without any other host.
    shutil.copy(CONSOLE / "node_modules/pusher-js/dist/web/pusher.min.js", CONSOLE / "dist")
    stamp.write_text(sources)


def binaries(*, beside_tests: bool = False) -> None:
    """`beside_tests`: with the features that the tests ask of dependencies, so that each is compiled once for both."""
    say.step("building the control plane and the gateway (some minutes the first time)")
    began = time.monotonic()
    chosen = ["--workspace", "--bins", "--tests"] if beside_tests else [part for name in BINARIES for part in ("--bin", name)]
    if say.shown(["cargo", "build", "--locked", *chosen], ROOT, cargo_environment()):
        raise Stop("cargo build failed")
    say.line(f"  built in {time.monotonic() - began:.0f} s")


def cargo_environment(**more: str) -> dict[str, str]:
    """Queries are checked against the committed description of the schema, so that building needs no database."""
    return {**os.environ, "SQLX_OFFLINE": "true", **more}


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in ("node_modules", "dist"):
            digest.update(f"{'/'.join(parts)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def venv(folder: Path) -> Path:
    """`folder/.venv` with exactly the packages of `folder/requirements.txt`; the path of its Python."""
    wanted = hashlib.sha256((folder / "requirements.txt").read_bytes()).hexdigest()
    place = folder / ".venv"
    python, stamp = place / "bin" / "python", place / ".signalbox-lock"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    say.step(f"installing Python packages in {place.relative_to(ROOT)}/")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"]
    if say.shown([sys.executable, "-m", "venv", "--clear", place], folder) or say.shown(install, folder):
        raise Stop(f"the Python packages of {folder} could not be installed")
    stamp.write_text(wanted)
    return python
