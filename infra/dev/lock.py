"""One launcher per checkout: the lock lives and dies with the process that holds it."""

import fcntl
import os
from pathlib import Path


class Running:
    """Held for as long as this object lives; `other` names the process that was faster."""

    def __init__(self, path: Path) -> None:
        self._file = open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")
        self.other: int | None = None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held_by = self._file.read().strip()
            self.other = int(held_by) if held_by.isdigit() else 0
            return
        self._file.seek(0)
        self._file.truncate()
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()
