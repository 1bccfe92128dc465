"""A stack that a test may break: told what to start, stop and kill over standard input, gone when that closes.

One JSON object per line in, one per line out:
    {"do": "start" | "stop" | "kill" | "signal", "what": "gateway" | "second_gateway" | "control_plane" | "postgres", "signal": "SIGSTOP"}
Arguments: one JSON object {"home": folder, "gateway_env": {…}, "control_plane_env": {…}}.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra" / "dev"))

from checkout import Stop  # noqa: E402
from shared_stack import described, throwaway_stack  # noqa: E402
from stack import Stack  # noqa: E402

# The launcher's own words must not come between the answers.
ANSWERS, sys.stdout = sys.stdout, sys.stderr


def main() -> None:
    given = json.loads(sys.argv[1])
    home = Path(given["home"])
    stack = throwaway_stack(home, given.get("gateway_env"), given.get("control_plane_env"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        stack.start()
        answer(described(stack))
        for line in sys.stdin:
            order = json.loads(line)
            began = time.monotonic()
            try:
                perform(stack, order)
                answer({"ms": (time.monotonic() - began) * 1000, **described(stack)})
            except Stop as stop:
                answer({"error": str(stop)})
    except Stop as stop:
        answer({"error": str(stop)})
    finally:
        stack.stop()
        stack.postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


def perform(stack: Stack, order: dict[str, str]) -> None:
    child, start = {
        "gateway": (stack.gateway, stack.start_gateway),
        "second_gateway": (stack.second_gateway, stack.start_second_gateway),
        "control_plane": (stack.control_plane, stack.start_control_plane),
        "postgres": (stack.postgres.child, stack.postgres.start),
    }[order["what"]]
    match order["do"]:
        case "start":
            start()
        case "stop":
            child.stop(30)
        case "kill":
            child.send(signal.SIGKILL)
            child.stop(5)
        case "signal":
            for pid in [child.pid, *children_of(child.pid)]:
                os.kill(pid, signal.Signals[order["signal"]])


def children_of(pid: int) -> list[int]:
    """A frozen Postgres is all of its processes, and each of them leads a process group of its own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, rest = path.read_text().rsplit(")", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if int(rest.split()[1]) == pid:
            found.append(int(head.split(" ", 1)[0]))
    return found


def answer(value: object) -> None:
    print(json.dumps(value), file=ANSWERS, flush=True)


if __name__ == "__main__":
    main()
