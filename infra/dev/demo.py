"""The demo account: made through the public management API, like anybody's."""

import json
from pathlib import Path
from typing import Any

import mail_folder
import say
from checkout import Stop
from credentials import write_private
from management import Management, Refused
from stack import Stack

EMAIL = "demo@signalbox.example"
EVERY_CHANNEL = ["**"]
CLIENT_ACTIONS = ["publish", "subscribe", "presence", "send"]
ALL_ACTIONS = [*CLIENT_ACTIONS, "history", "channels.read", "users.terminate", "usage.read"]

# Everything a stranger may want to try without a back end. A real app has good reasons to be stricter.
SETTINGS = {
    "client_events": True,
    "dialects": {"pusher": True, "relay": True, "anycable": True, "metered": True},
    "relay": {"auth_endpoint": "off"},
    "anycable": {"anonymous": True, "public_streams": True, "whisper": True, "presence": True},
}


def ensure(stack: Stack, password: str, path: Path) -> dict[str, Any]:
    """What dev.json says: as it stood if it still logs in, made anew otherwise."""
    management = Management(stack.console_url)
    held = _still_there(management, path) or _create(management, password, stack.mail)
    app = _with_every_dialect(management, held["app"])
    dev = {
        "gateway_url": stack.gateway_url,
        "metrics_url": stack.metrics_url,
        "console_url": stack.console_url,
        "email": held["email"],
        "password": held["password"],
        "app": {**app, "anycable": anycable(stack.gateway_url, app)},
    }
    write_private(path, json.dumps(dev, indent=2) + "\n")
    return dev


def anycable(gateway_url: str, app: dict[str, str]) -> dict[str, str]:
    """The app's own secret is AnyCable's; its key names it in the path, as a host name could not on this machine."""
    base = f"{gateway_url}/apps/{app['key']}"
    return {"secret": app["secret"], "ws_url": f"ws{base.removeprefix('http')}/cable", "api_url": f"{base}/api"}


def _still_there(management: Management, path: Path) -> dict[str, Any] | None:
    try:
        held = json.loads(path.read_text())
        email, password, app = held["email"], held["password"], held["app"]
        known = {name: app[name] for name in ("id", "key", "secret", "sk")}
        # Absent where an earlier version made the account.
        known |= {name: app[name] for name in ("pk", "sk_pair") if name in app}
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        say.line(f"  {path.name} cannot be read ({error!r}): making a new demo account")
        return None
    try:
        management.log_in(email, password)
        management.call("GET", f"/v1/apps/{known['id']}")
    except Refused as refused:
        if refused.status not in (401, 404):
            raise
        say.line(f"  the database no longer knows the account in {path.name}: making a new one")
        management.forget()
        return None
    return {"email": email, "password": password, "app": known}


def _create(management: Management, password: str, mail: Path) -> dict[str, Any]:
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
    _verify(management, email, mail)
    app, credential = made["app"], made["credential"]
    sk = management.call("POST", f"/v1/apps/{app['id']}/keys", {"name": "demo", "actions": ALL_ACTIONS, "channels": EVERY_CHANNEL})
    known = {"id": app["id"], "key": credential["key"], "secret": credential["secret"], "sk": sk["token"]}
    return {"email": email, "password": password, "app": known}


def _verify(management: Management, email: str, mail: Path) -> None:
    """Nobody reads the demo account's mail, so its link is followed here."""
    if token := mail_folder.token_for(mail, email):
        management.call("POST", "/v1/email/verify", {"token": token})
    else:
        say.line(f"  no mail to {email} in {mail}: its address stays unconfirmed")


def _with_every_dialect(management: Management, app: dict[str, str]) -> dict[str, str]:
    """Adds what is missing, once: later the account is its owner's, and what they changed stays."""
    path = f"/v1/apps/{app['id']}"
    if "pk" in app and "sk_pair" in app:
        return app
    scope = {"actions": CLIENT_ACTIONS, "channels": EVERY_CHANNEL}
    management.call("PATCH", path, {"settings": SETTINGS})
    management.call("PATCH", f"{path}/keys/{secret_key_id(app['sk'])}", {"actions": ALL_ACTIONS})
    pk = management.call("POST", f"{path}/publishable-keys", {"name": "demo, clients", **scope})
    signing = management.call("POST", f"{path}/keys", {"name": "demo, peers", **scope, "token_secret": True})
    return {**app, "pk": pk["key"], "sk_pair": signing["pair"]}


def secret_key_id(token: str) -> str:
    return token.removeprefix("sk_sbx_").split("_", 1)[0]
