"""`make run`: everything on one machine, until Ctrl-C."""

import json
import os
import signal
import sys
import time

import banner
import build
import demo
import say
import tools
from checkout import Ports, Stop, state_dir
from children import Child, describe
from credentials import Secrets
from lock import Running
from stack import Stack

SERVED = ("gateway", "metrics", "console", "console_metrics")


def main() -> int:
    state = state_dir()
    running = Running(state / "run.lock")
    if running.other is not None:
        return _already_running(running.other, state)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)

    ports = Ports.from_environment()
    database_url = os.environ.get("DATABASE_URL")
    tools.ensure(tests=False, postgres=not database_url)
    build.console()
    build.binaries()
    ports.refuse_taken(SERVED if database_url else (*SERVED, "postgres"))

    secrets = Secrets.kept_in(state / "secrets.json")
    stack = Stack(state, ports, secrets, database_url=database_url)
    try:
        with say.waiting("starting " + ("the control plane and the gateway" if database_url else "Postgres, the control plane and the gateway")):
            stack.start()
            dev = demo.ensure(stack, secrets.demo_password, state / "dev.json")
        say.line(banner.block(dev))
        return _watch(stack.children)
    finally:
        # A second Ctrl-C must not leave half of it behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say.step("stopping: gateway, control plane" + ("" if database_url else ", Postgres"))
        stack.stop()


def _watch(children: list[Child]) -> int:
    while True:
        for child in children:
            if (status := child.ended()) is not None:
                raise Stop(f"the {child.name} {describe(status)}; the end of {child.log}:\n{say.tail(child.log)}")
        time.sleep(0.3)


def _already_running(pid: int, state) -> int:
    say.problem(f"Signalbox is already running from this checkout (process {pid}). `make stop` ends it.")
    try:
        say.line(banner.block(json.loads((state / "dev.json").read_text())))
    except (OSError, ValueError):
        say.line("  It is still starting.")
    return 1


class Interrupted(BaseException):
    pass


def _interrupted(*_: object) -> None:
    raise Interrupted


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Interrupted:
        say.line("  stopped")
        sys.exit(0)
    except Stop as stop:
        say.problem(str(stop))
        sys.exit(1)
