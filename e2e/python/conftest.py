"""An app of its own on the shared stack, and the official Python SDKs pointed at it."""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pusher
import pysher
import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "dev"))

from management import Management  # noqa: E402
from shared_stack import shared_stack  # noqa: E402


@dataclass
class App:
    id: str
    key: str
    secret: str
    host: str
    port: int
    management: Management


def eventually(what: str, check: Callable[[], Any], within: float = 5.0) -> Any:
    deadline = time.monotonic() + within
    while not (found := check()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    if described := os.environ.get("SIGNALBOX_STACK"):
        yield json.loads(Path(described).read_text())
        return
    home = tmp_path_factory.mktemp("stack")
    with shared_stack(home / "stack") as env:
        yield json.loads(Path(env["SIGNALBOX_STACK"]).read_text())


@pytest.fixture(scope="session")
def app(stack: dict[str, Any]) -> App:
    management = Management(stack["console_url"])
    email = f"e2e-{secrets.token_hex(6)}@signalbox.example"
    made = management.sign_up(email, secrets.token_urlsafe(12), "Python")
    settings = {"client_events": True, "subscription_counting": True, "watchlist_events": True}
    management.call("PATCH", f"/v1/apps/{made['app']['id']}", {"settings": settings})
    gateway = urlsplit(stack["gateway_url"])
    app = App(made["app"]["id"], made["credential"]["key"], made["credential"]["secret"], gateway.hostname, gateway.port, management)
    # The feed keeps the order of commits: where this key is known, the settings before it are too.
    scope = {"name": "settled", "actions": ["channels.read"], "channels": ["**"]}
    token = management.call("POST", f"/v1/apps/{app.id}/keys", scope)["token"]
    url, bearer = f"{stack['gateway_url']}/apps/{app.id}/channels", {"Authorization": f"Bearer {token}"}
    eventually("the gateway knows the app and its settings", lambda: requests.get(url, headers=bearer, timeout=5).status_code == 200)
    return app


def server(app: App, **more: Any) -> pusher.Pusher:
    return pusher.Pusher(app_id=app.id, key=app.key, secret=app.secret, ssl=False, host=app.host, port=app.port, **more)


@pytest.fixture
def sdk(app: App) -> pusher.Pusher:
    return server(app)


class Listener:
    """A connected Pysher client and what it heard."""

    def __init__(self, app: App, **options: Any) -> None:
        self.client = pysher.Pusher(
            app.key, secret=app.secret, secure=False, custom_host=app.host, port=app.port, reconnect_interval=1, **options
        )
        self.errors: list[Any] = []
        self.client.connection.bind("pusher:error", self.errors.append)
        self.client.connect()
        eventually("Pysher is connected", lambda: self.client.connection.state == "connected")

    def subscribe(self, channel: str, *events: str) -> dict[str, list[Any]]:
        """Subscribes; everything heard on the channel from its success on, by event."""
        heard: dict[str, list[Any]] = {event: [] for event in events}
        succeeded: list[Any] = []
        # The answer may be faster than a bind after subscribe(), so it is caught where Pysher hands it over.
        handler = self.client.connection.event_handler

        def watching(event: str, data: Any, name: str) -> None:
            if name == channel and event == "pusher_internal:subscription_succeeded":
                succeeded.append(data)
            if name == channel and event in heard:
                heard[event].append(data)
            handler(event, data, name)

        self.client.connection.event_handler = watching
        self.client.subscribe(channel)
        eventually(f"subscription to {channel}", lambda: succeeded)
        return {"pusher_internal:subscription_succeeded": succeeded, **heard}


@pytest.fixture
def listen(app: App) -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def listener(**options: Any) -> Listener:
        made.append(Listener(app, **options))
        return made[-1]

    yield listener
    for each in made:
        each.client.disconnect(timeout=2)
