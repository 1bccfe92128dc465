import json
import os
import stat
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import banner
import demo
from checkout import Ports
from credentials import Secrets
from management import Refused
from stack import Stack

STACK = SimpleNamespace(console_url="http://127.0.0.1:18000", gateway_url="http://127.0.0.1:16001", metrics_url="http://127.0.0.1:19601")
CLIENT_ACTIONS = ["publish", "subscribe", "presence", "send"]


class Service:
    """The management API as far as the launcher asks it, with a record of what was asked."""

    def __init__(self, mail: Path) -> None:
        self.mail = mail
        self.calls: list[tuple[str, str, Any]] = []
        self.accounts: dict[str, str] = {}

    def sign_up(self, email: str, password: str, organisation: str) -> dict[str, Any]:
        if email in self.accounts:
            raise Refused("POST", "/v1/signup", 409, "")
        self.accounts[email] = password
        link = "http://127.0.0.1:18000/verify-email#token=proof-of-" + email.partition("@")[0]
        self.mail.mkdir(exist_ok=True)
        (self.mail / f"{len(self.accounts)}.eml").write_text(f"To: {email}\nContent-Type: text/plain\n\n{link}\n")
        return {"app": {"id": "77"}, "credential": {"key": "appkey", "secret": "as_sbx_secret"}}

    def log_in(self, email: str, password: str) -> None:
        if self.accounts.get(email) != password:
            raise Refused("POST", "/v1/login", 401, "")

    def forget(self) -> None:
        pass

    def call(self, method: str, path: str, body: Any = None) -> Any:
        self.calls.append((method, path, body))
        if (method, path) == ("POST", "/v1/apps/77/keys"):
            pair = {"token_secret": "ss_sbx_x", "pair": "idididididid:ss_sbx_x"} if body.get("token_secret") else {}
            return {"key": {"id": "idididididid"}, "token": "sk_sbx_idididididid_rest", **pair}
        if (method, path) == ("POST", "/v1/apps/77/publishable-keys"):
            return {"key": "pk_sbx_open"}
        return {}

    def changes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.calls if method != "GET"]


class DemoAccount(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "dev.json"
        self.stack = SimpleNamespace(**vars(STACK), mail=Path(folder.name) / "mail")
        self.service = Service(self.stack.mail)
        patch = mock.patch.object(demo, "Management", lambda _: self.service)
        patch.start()
        self.addCleanup(patch.stop)
        said = mock.patch.object(demo.say, "line")
        self.said = said.start()
        self.addCleanup(said.stop)

    def ensure(self) -> dict[str, Any]:
        return demo.ensure(self.stack, "password", self.path)

    def test_it_holds_what_every_dialects_client_needs(self) -> None:
        app = self.ensure()["app"]
        self.assertEqual(app["pk"], "pk_sbx_open")
        self.assertEqual(app["sk_pair"], "idididididid:ss_sbx_x")
        self.assertEqual(
            app["anycable"],
            {"secret": "as_sbx_secret", "ws_url": "ws://127.0.0.1:16001/apps/appkey/cable", "api_url": "http://127.0.0.1:16001/apps/appkey/api"},
        )
        self.assertEqual(json.loads(self.path.read_text())["app"], app)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_every_dialect_is_on_and_channels_are_signed_for_nobody(self) -> None:
        self.ensure()
        [settings] = [body["settings"] for method, _, body in self.service.calls if method == "PATCH" and "settings" in body]
        self.assertEqual(set(settings["dialects"].values()), {True})
        self.assertTrue(settings["client_events"])
        self.assertEqual(settings["relay"]["auth_endpoint"], "off")
        self.assertEqual(settings["anycable"], {"anonymous": True, "public_streams": True, "whisper": True, "presence": True})

    def test_each_key_may_what_its_dialect_can_ask_for(self) -> None:
        self.ensure()
        made = {body["name"]: body for method, path, body in self.service.calls if method == "POST" and "keys" in path}
        self.assertEqual(made["demo, clients"]["actions"], CLIENT_ACTIONS)
        self.assertEqual(made["demo, peers"]["actions"], CLIENT_ACTIONS)
        self.assertLess(set(CLIENT_ACTIONS), set(made["demo"]["actions"]))
        self.assertEqual({tuple(body["channels"]) for body in made.values()}, {("**",)})

    def test_the_second_start_changes_nothing(self) -> None:
        first = self.ensure()
        self.service.calls.clear()
        self.assertEqual(self.ensure(), first)
        self.assertEqual(self.service.changes(), [])

    def test_an_account_of_an_earlier_version_keeps_its_keys_and_gains_the_rest(self) -> None:
        first = self.ensure()
        for name in ("pk", "sk_pair", "anycable"):
            del first["app"][name]
        self.path.write_text(json.dumps(first))
        self.service.calls.clear()
        second = self.ensure()
        self.assertEqual({**second["app"], **first["app"]}, second["app"])
        self.assertEqual(second["app"]["pk"], "pk_sbx_open")
        self.assertIn(("PATCH", "/v1/apps/77/keys/idididididid"), self.service.changes())

    def test_an_account_that_the_database_forgot_is_made_anew(self) -> None:
        self.ensure()
        self.service.accounts.clear()
        self.assertEqual(self.ensure()["email"], demo.EMAIL)
        self.assertRegex(self.said.call_args[0][0], "no longer knows")

    def test_a_taken_address_is_passed_over(self) -> None:
        self.service.accounts[demo.EMAIL] = "somebody else's"
        self.assertEqual(self.ensure()["email"], "demo+2@signalbox.example")

    def test_its_address_is_confirmed_by_its_mail(self) -> None:
        self.ensure()
        self.assertIn(("POST", "/v1/email/verify", {"token": "proof-of-demo"}), self.service.calls)

    def test_without_mail_it_is_made_all_the_same(self) -> None:
        with mock.patch.object(demo.mail_folder, "token_for", lambda *_: None):
            self.assertEqual(self.ensure()["email"], demo.EMAIL)
        self.assertRegex(self.said.call_args[0][0], "stays unconfirmed")

    def test_a_key_is_named_by_its_middle(self) -> None:
        self.assertEqual(demo.secret_key_id("sk_sbx_idididididid_restandsum"), "idididididid")


class Banner(unittest.TestCase):
    def test_there_is_one_line_per_dialect(self) -> None:
        app = {"id": "77", "key": "appkey", "secret": "as", "sk": "sk", "pk": "pk_sbx_open", "sk_pair": "id:ss"}
        app["anycable"] = demo.anycable(STACK.gateway_url, app)
        dev = {"gateway_url": STACK.gateway_url, "console_url": STACK.console_url, "email": "e", "password": "p", "app": app}
        lines = [line.split() for line in banner.dialect_lines(dev).splitlines()]
        self.assertEqual(
            lines,
            [
                ["Pusher", "ws://127.0.0.1:16001/app/appkey?protocol=7"],
                ["Relay", "ws://127.0.0.1:16001/app/appkey"],
                ["AnyCable", "ws://127.0.0.1:16001/apps/appkey/cable"],
                ["Metered", "ws://127.0.0.1:16001/v1?key=pk_sbx_open"],
            ],
        )
        self.assertIn(banner.dialect_lines(dev), banner.block(dev))


class Gateway(unittest.TestCase):
    def setting(self, **gateway_env: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            stack = Stack(Path(folder), Ports(1, 2, 3, 4, 5), Secrets.generate(), database_url="postgres://unused", gateway_env=gateway_env)
            return stack.gateway._env["SIGNALBOX_METERED_CONNECTS_PER_MINUTE"]

    def test_many_may_connect_from_one_address(self) -> None:
        with mock.patch.dict(os.environ):
            os.environ.pop("SIGNALBOX_METERED_CONNECTS_PER_MINUTE", None)
            self.assertEqual(self.setting(), "6000")

    def test_whoever_starts_it_may_choose(self) -> None:
        name = "SIGNALBOX_METERED_CONNECTS_PER_MINUTE"
        with mock.patch.dict(os.environ, {name: "60"}):
            self.assertEqual(self.setting(), "60")
            self.assertEqual(self.setting(**{name: "5"}), "5")


if __name__ == "__main__":
    unittest.main()
