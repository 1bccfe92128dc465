"""A Postgres of the checkout's own: loopback only, no superuser login, never running as root."""

import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import say
import tools
from checkout import Stop
from children import Child, as_user

ROLE = "signalbox"
DATABASE = "signalbox"
FALLBACK = Path("/var/lib/signalbox")

# For tests: a crash of the machine may lose everything.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


class Postgres:
    def __init__(self, home: Path, port: int, password: str, log: Path, settings: dict[str, str] | None = None) -> None:
        found = tools.postgres_bin()
        if found is None:
            raise Stop("Postgres is not installed: install the package postgresql, or set DATABASE_URL")
        self._bin = found
        self._user = "postgres" if os.geteuid() == 0 else None
        self._port = port
        self._password = password
        self._home = home
        self._settings = settings or {}
        self.data = _reachable(home, self._user)
        self.child = Child("Postgres", self._command(), log, _environment(), user=self._user, stop_signal=signal.SIGINT, cwd=Path("/"))

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{self._password}@127.0.0.1:{self._port}/{DATABASE}"

    def start(self) -> None:
        fresh = not (self.data / "PG_VERSION").exists()
        if fresh:
            self._create()
        self._let_in(fresh)
        self.child.start()
        self.child.wait_until(self.accepts, 30)

    def accepts(self) -> bool:
        probe = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(probe, check=False).returncode == 0

    def stop(self) -> None:
        self.child.stop(20)

    def remove(self) -> None:
        shutil.rmtree(self.data)
        if self._home.is_symlink():
            self._home.unlink()

    def _command(self) -> list[str | Path]:
        settings = {
            "port": str(self._port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            **self._settings,
        }
        return [self._bin / "postgres", "-D", self.data, *(part for item in settings.items() for part in ("-c", "=".join(item)))]

    def _create(self) -> None:
        # Nobody may log in without a password, and the superuser has none.
        self._run([self._bin / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "reject"])
        (self.data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")

    def _let_in(self, fresh: bool) -> None:
        """The role and today's password, in single-user mode: nobody else is in while this runs."""
        lines = [
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}')"
            f" THEN CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE NOSUPERUSER; END IF; END $$;",
            f"ALTER ROLE {ROLE} PASSWORD '{self._password}';",
        ]
        if fresh:
            lines.append(f"CREATE DATABASE {DATABASE} OWNER {ROLE};")
        printed = self._run([self._bin / "postgres", "--single", "-D", self.data, "postgres"], "\n".join(lines) + "\n")
        if "ERROR" in printed:
            raise Stop(f"Postgres could not be prepared in {self.data}:\n{printed.replace(self._password, '…')}")

    def _run(self, command: list[str | Path], stdin: str = "") -> str:
        ran = subprocess.run(
            [str(part) for part in command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=_environment(),
            cwd="/",
            check=False,
            **as_user(self._user),
        )
        if ran.returncode:
            raise Stop(f"{Path(command[0]).name} failed in {self.data}:\n{ran.stdout.replace(self._password, '…')}")
        return ran.stdout


def _reachable(home: Path, user: str | None) -> Path:
    """`home`, owned by the database user; elsewhere if that user cannot get there, for example below /root."""
    if user is None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return home
    if not _may_enter(home.parent, user):
        fallback = FALLBACK / f"{hashlib.sha256(str(home).encode()).hexdigest()[:12]}-{home.name}"
        say.line(f"  the user {user} may not enter {home.parent}; the database is kept in {fallback}")
        FALLBACK.mkdir(mode=0o755, parents=True, exist_ok=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        if not home.is_symlink():
            home.symlink_to(fallback)
        home = fallback
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.chown(home, user, user)
    home.chmod(0o700)
    return home


def _may_enter(folder: Path, user: str) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **as_user(user)).returncode == 0


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
