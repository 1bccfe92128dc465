"""The demo account: made through the public management API, like anybody's."""

import json
from pathlib import Path
from typing import Any

import say
from checkout import Stop
from credentials import write_private
from management import Management, Refused
from stack import Stack

EMAIL = "demo@signalbox.example"
SCOPES = {"actions": ["publish", "subscribe", "presence", "channels.read", "users.terminate"], "channels": ["**"]}


def ensure(stack: Stack, password: str, path: Path) -> dict[str, Any]:
    """What dev.json says: as it stood if it still logs in, made anew otherwise."""
    app = _still_there(stack, path) or _create(stack, password)
    dev = {
        "gateway_url": stack.gateway_url,
        "metrics_url": stack.metrics_url,
        "console_url": stack.console_url,
        "email": app.pop("email"),
        "password": app.pop("password"),
        "app": app,
    }
    write_private(path, json.dumps(dev, indent=2) + "\n")
    return dev


def _still_there(stack: Stack, path: Path) -> dict[str, str] | None:
    try:
        held = json.loads(path.read_text())
        app = {"email": held["email"], "password": held["password"], **{k: held["app"][k] for k in ("id", "key", "secret", "sk")}}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        say.line(f"  {path.name} cannot be read ({error!r}): making a new demo account")
        return None
    management = Management(stack.console_url)
    try:
        management.log_in(app["email"], app["password"])
        management.call("GET", f"/v1/apps/{app['id']}")
    except Refused as refused:
        if refused.status not in (401, 404):
            raise
        say.line(f"  the database no longer knows the account in {path.name}: making a new one")
        return None
    return app


def _create(stack: Stack, password: str) -> dict[str, str]:
    management = Management(stack.console_url)
    for attempt in range(1, 10):
        email = EMAIL if attempt == 1 else EMAIL.replace("@", f"+{attempt}@")
        try:
            made = management.sign_up(email, password, "Demo")
            break
        except Refused as refused:
            if refused.status != 409:
                raise
    else:
        raise Stop(f"every demo address up to {email} is taken and {EMAIL}'s dev.json is lost: `make clean` starts over")
    app, credential = made["app"], made["credential"]
    management.call("PATCH", f"/v1/apps/{app['id']}", {"settings": {"client_events": True}})
    sk = management.call("POST", f"/v1/apps/{app['id']}/keys", {"name": "demo", **SCOPES})
    return {
        "email": email,
        "password": password,
        "id": app["id"],
        "key": credential["key"],
        "secret": credential["secret"],
        "sk": sk["token"],
    }
