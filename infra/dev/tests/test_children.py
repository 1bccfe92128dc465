import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from checkout import Stop
from children import Child

HERE = Path(__file__).resolve().parents[1]


class Children(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name) / "child.log"

    def child(self, script: str) -> Child:
        return Child("the child", ["sh", "-c", script], self.log, dict(os.environ))

    def test_it_is_asked_to_stop(self) -> None:
        child = self.child("trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done")
        child.start()
        child.wait_until(lambda: "up" in self.log.read_text(), 5)
        self.assertEqual(child.stop(5), 7)

    def test_one_that_will_not_listen_is_killed(self) -> None:
        child = self.child("trap '' TERM; echo up; while :; do sleep 0.01; done")
        child.start()
        child.wait_until(lambda: "up" in self.log.read_text(), 5)
        self.assertEqual(child.stop(0.2), -signal.SIGKILL)

    def test_one_that_dies_while_starting_shows_its_log(self) -> None:
        child = self.child("echo no such table; exit 3")
        child.start()
        with self.assertRaisesRegex(Stop, "(?s)ended with status 3.*no such table"):
            child.wait_until(lambda: False, 5)

    def test_a_killed_launcher_takes_it_along(self) -> None:
        script = (
            "import os, time; from pathlib import Path; from children import Child\n"
            f"child = Child('c', ['sleep', '60'], Path({str(self.log)!r}), dict(os.environ))\n"
            "child.start(); print(child.pid, flush=True); time.sleep(60)"
        )
        launcher = subprocess.Popen([sys.executable, "-B", "-c", script], cwd=HERE, stdout=subprocess.PIPE, text=True)
        pid = int(launcher.stdout.readline())
        launcher.kill()
        launcher.wait()
        launcher.stdout.close()
        self.assertTrue(_gone_within(pid, 5))


def _gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
