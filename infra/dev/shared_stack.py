"""A running stack for test processes, described in a JSON file that SIGNALBOX_STACK names."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import say
import tools
from checkout import Ports, binary
from credentials import Secrets, write_private
from postgres import FORGETFUL
from stack import Stack


# All tests come from one address, and some of them by a host of the app's own.
FOR_TESTS = {"SIGNALBOX_METERED_CONNECTS_PER_MINUTE": "0", "SIGNALBOX_CABLE_DOMAIN": "cable.signalbox.example"}


def throwaway_stack(home: Path, gateway_env: dict[str, str] | None = None, control_plane_env: dict[str, str] | None = None) -> Stack:
    """On free ports, with secrets of its own, in a folder that is emptied first."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return Stack(
        home,
        Ports.free(),
        Secrets.generate(),
        postgres_settings=FORGETFUL,
        gateway_env={**FOR_TESTS, **(gateway_env or {})},
        control_plane_env=control_plane_env,
        second_ports=Ports.free(),
    )


def described(stack: Stack) -> dict[str, object]:
    return {
        "gateway_url": stack.gateway_url,
        "second_gateway_url": stack.second_gateway_url,
        "metrics_url": stack.metrics_url,
        "console_url": stack.console_url,
        "console_metrics_url": stack.console_metrics_url,
        "database_url": stack.database_url,
        "logs": str(stack.home / "logs"),
        "mail": str(stack.mail),
        # What an operator has at a terminal beside the service.
        "operator": {"command": str(binary("signalbox-control-plane")), "env": stack.operator_env},
        "pids": {child.name: child.pid for child in stack.children},
    }


@contextmanager
def shared_stack(home: Path) -> Iterator[dict[str, str]]:
    """The environment for tests; what the processes logged stays in `home/logs`."""
    stack = throwaway_stack(home)
    try:
        with say.waiting("starting Postgres, the control plane and the gateway on free ports"):
            stack.start()
        description = home / "stack.json"
        write_private(description, json.dumps(described(stack)))
        yield {**os.environ, "SIGNALBOX_STACK": str(description), "SIGNALBOX_CHROMIUM": tools.chromium() or ""}
    finally:
        stack.stop()
        stack.postgres.remove()
