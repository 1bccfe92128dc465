"""Pysher: pings before it has read the first frame, speaks protocol 6, obeys error codes."""

import json
import time

from conftest import eventually


def test_it_connects_and_its_early_ping_does_no_harm(listen):
    connection = listen().client.connection
    eventually("pong", lambda: connection.pong_received)
    assert connection.state == "connected"


def test_public_private_and_presence(sdk, listen):
    listener = listen(user_data={"user_id": "py", "user_info": {"name": "Py"}})
    for channel in ("py-public", "private-py", "presence-py-room", "cache-py", "private-cache-py", "presence-cache-py"):
        heard = listener.subscribe(channel, "e")
        sdk.trigger(channel, "e", {"in": channel})
        eventually(f"a message on {channel}", lambda: heard["e"])
        assert json.loads(heard["e"][0]) == {"in": channel}


def test_presence_members(listen):
    watcher = listen(user_data={"user_id": "w"})
    heard = watcher.subscribe("presence-py-members", "pusher_internal:member_added", "pusher_internal:member_removed")
    other = listen(user_data={"user_id": "o", "user_info": {"n": 1}})
    succeeded = other.subscribe("presence-py-members")["pusher_internal:subscription_succeeded"]
    assert json.loads(succeeded[0])["presence"]["count"] == 2
    eventually("added", lambda: heard["pusher_internal:member_added"])
    assert json.loads(heard["pusher_internal:member_added"][0]) == {"user_id": "o", "user_info": {"n": 1}}
    other.client.unsubscribe("presence-py-members")
    eventually("removed", lambda: heard["pusher_internal:member_removed"])


def test_client_events(listen):
    one, two = listen(), listen()
    one.subscribe("private-py-client")
    heard = two.subscribe("private-py-client", "client-hi")
    one.client.channel("private-py-client").trigger("client-hi", {"n": 1})
    eventually("the client event", lambda: heard["client-hi"])
    assert json.loads(heard["client-hi"][0]) == {"n": 1}


def test_a_cached_event_waits(sdk, listen):
    sdk.trigger("cache-py-late", "e", "kept")
    heard = listen().subscribe("cache-py-late", "e")
    eventually("the cached event", lambda: heard["e"] == ["kept"])


def test_a_refused_subscription_does_not_end_the_connection(listen):
    listener = listen()
    listener.client.subscribe("private-py-refused", auth="wrong:auth")
    eventually("the refusal", lambda: listener.errors)
    assert listener.errors[0]["code"] is None
    time.sleep(0.3)
    assert listener.client.connection.state == "connected"
    listener.subscribe("py-after-refusal")
