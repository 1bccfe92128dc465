"""The Python SDK of Metered: by key and by token, channels, direct messages, presence, refusals."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from metered_realtime import Connected, Direct, Disconnected, Message, Presence, SignallingClient, SubscribeOptions
from metered_realtime.errors import ServerRequestError, SignallingConnectError


@dataclass
class Keys:
    url: str
    publishable: str
    pair: str

    def token(self, peer: str, **more: Any) -> str:
        answer = requests.post(
            f"{self.url}/v1/tokens", json={"peerId": peer, **more}, headers={"Authorization": f"Bearer {self.pair}"}, timeout=5
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    def client(self, **credential: Any) -> SignallingClient:
        return SignallingClient(url=self.url.replace("http", "ws"), **credential)

    def named(self, peer: str, **more: Any) -> SignallingClient:
        async def token() -> str:
            return self.token(peer, **more)

        return self.client(token_provider=token)


@pytest.fixture(scope="module")
def keys(app, stack) -> Keys:
    path = f"/v1/apps/{app.id}"
    scope = {"name": "python", "actions": ["publish", "subscribe", "presence", "send"], "channels": ["**"]}
    publishable = app.management.call("POST", f"{path}/publishable-keys", scope)["key"]
    pair = app.management.call("POST", f"{path}/keys", {**scope, "token_secret": True})["pair"]
    keys = Keys(stack["gateway_url"], publishable, pair)
    peers, bearer = f"{keys.url}/v1/channels/x/peers", {"Authorization": f"Bearer {pair}"}
    deadline = time.monotonic() + 5
    while requests.get(peers, headers=bearer, timeout=5).status_code != 200:
        assert time.monotonic() < deadline, "the gateway knows the key"
        time.sleep(0.02)
    return keys


def collected(client: SignallingClient, event: type) -> list[Any]:
    found: list[Any] = []
    client.on(event, found.append)
    return found


async def eventually(what: str, check: Callable[[], Any], within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        await asyncio.sleep(0.01)


def within_time(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


def test_by_key_and_by_token_they_talk(keys):
    async def scenario() -> None:
        one, two = keys.client(api_key=keys.publishable), keys.named("py-two", peerMetadata={"name": "Two"})
        connected, messages, directs = collected(two, Connected), collected(one, Message), collected(one, Direct)
        hello = collected(one, Connected)
        await asyncio.gather(one.connect(), two.connect())
        try:
            assert connected[0].peer_id == "py-two" and connected[0].expires_at > time.time()
            assert hello[0].expires_at is None and hello[0].max_message_size == 65536
            await one.subscribe("python", SubscribeOptions(include_sender_metadata=True))
            await two.publish("python", {"n": 1, "none": None})
            await two.send(hello[0].peer_id, [1, 2])
            await eventually("both arrived", lambda: messages and directs)
            assert (messages[0].channel, messages[0].sender_peer_id, messages[0].data) == ("python", "py-two", {"n": 1, "none": None})
            assert messages[0].sender_metadata == {"name": "Two"}
            assert (directs[0].sender_peer_id, directs[0].data) == ("py-two", [1, 2])
        finally:
            await asyncio.gather(one.close(), two.close())

    within_time(scenario())


def test_presence_is_a_snapshot_and_then_changes(keys):
    async def scenario() -> None:
        one, two = keys.named("py-a", peerMetadata={"name": "A"}), keys.named("py-b")
        seen, first = collected(two, Presence), collected(one, Presence)
        await asyncio.gather(one.connect(), two.connect())
        try:
            await one.subscribe("py-room")
            await eventually("an empty snapshot", lambda: first)
            assert (first[0].joined, first[0].left) == ((), ())
            await two.subscribe("py-room")
            await eventually("the snapshot", lambda: seen)
            assert [(peer.peer_id, peer.metadata) for peer in seen[0].joined] == [("py-a", {"name": "A"})]
            await one.unsubscribe("py-room")
            await eventually("the leave", lambda: len(seen) == 2)
            assert [peer.peer_id for peer in seen[1].left] == ["py-a"]
        finally:
            await asyncio.gather(one.close(), two.close())

    within_time(scenario())


def test_refusals_carry_the_servers_codes(keys):
    async def scenario() -> None:
        client = keys.named("py-narrow", channels=["only/*"], permissions=["subscribe"])
        await client.connect()
        try:
            for act, code in (
                (client.subscribe("other"), "channel_not_authorized"),
                (client.subscribe("_metered/x"), "channel_reserved"),
                (client.publish("only/a", 1), "action_not_permitted"),
                (client.send("nobody", 1), "action_not_permitted"),
            ):
                with pytest.raises(ServerRequestError) as refused:
                    await act
                assert refused.value.code == code
        finally:
            await client.close()
        with pytest.raises(SignallingConnectError) as refused:
            await keys.client(api_key="pk_live_unknown").connect()
        assert refused.value.close_code == 4001

    within_time(scenario())


def test_who_is_kicked_stays_away(keys):
    async def scenario() -> None:
        client = keys.named("py-kicked")
        dropped = collected(client, Disconnected)
        await client.connect()
        answer = requests.delete(f"{keys.url}/v1/peers/py-kicked", headers={"Authorization": f"Bearer {keys.pair}"}, timeout=5)
        assert answer.json() == {"peerId": "py-kicked", "closed": 1}
        await eventually("it is told", lambda: dropped)
        assert (dropped[0].code, dropped[0].will_reconnect) == (4020, False)
        await client.close()

    within_time(scenario())
