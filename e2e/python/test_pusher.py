"""The official server SDK for Python."""

import base64
import json

import pusher
import pytest
from conftest import App, Listener, eventually, server


def test_a_message_to_one_and_to_many_channels(sdk, listen):
    listener = listen()
    one, two = listener.subscribe("py-one", "e"), listener.subscribe("private-py-two", "e")
    assert sdk.trigger("py-one", "e", {"n": 1}) == {}
    assert sdk.trigger(["py-one", "private-py-two"], "e", "text") == {}
    eventually("both messages", lambda: len(one["e"]) == 2 and two["e"])
    assert [json.loads(one["e"][0]), one["e"][1], two["e"][0]] == [{"n": 1}, "text", "text"]


def test_a_batch(sdk, listen):
    heard = listen().subscribe("py-batch", "a", "b")
    assert sdk.trigger_batch([{"channel": "py-batch", "name": "a", "data": {"n": 1}}, {"channel": "py-batch", "name": "b", "data": "2"}]) == {}
    eventually("both items", lambda: heard["a"] and heard["b"])


def test_the_named_socket_is_left_out(sdk, listen):
    mine, theirs = listen(), listen()
    here, there = mine.subscribe("py-x", "e"), theirs.subscribe("py-x", "e")
    sdk.trigger("py-x", "e", "1", socket_id=mine.client.connection.socket_id)
    sdk.trigger("py-x", "e", "2")
    eventually("the second message", lambda: here["e"] and len(there["e"]) == 2)
    assert here["e"] == ["2"]


def test_queries(sdk, listen):
    listen(user_data={"user_id": "ann"}).subscribe("presence-py")
    listen(user_data={"user_id": "ann"}).subscribe("presence-py")
    assert sdk.channels_info("presence-py", ["user_count"]) == {"channels": {"presence-py": {"user_count": 1}}}
    assert sdk.channel_info("presence-py", ["user_count", "subscription_count"]) == {
        "occupied": True,
        "user_count": 1,
        "subscription_count": 2,
    }
    assert sdk.users_info("presence-py") == {"users": [{"id": "ann"}]}
    assert "presence-py" in sdk.channels_info()["channels"]


def test_terminate_takes_pythons_own_path(sdk):
    assert sdk.terminate_user_connections("nobody") == {}


def test_events_to_a_user(sdk):
    assert sdk.send_to_user("nobody", "note", {"n": 1}) == {}


def test_encrypted_messages_are_sealed_for_the_channel(app: App, listen):
    key = base64.b64encode(b"k" * 32).decode()
    heard = listen().subscribe("private-encrypted-py", "e")
    server(app, encryption_master_key_base64=key).trigger("private-encrypted-py", "e", {"text": "kept"})
    eventually("the message", lambda: heard["e"])
    assert set(json.loads(heard["e"][0])) == {"nonce", "ciphertext"}


def test_authenticate_matches_the_verifier(app: App, sdk, listen):
    listener = listen()
    signed = sdk.authenticate(channel="presence-py-auth", socket_id=listener.client.connection.socket_id, custom_data={"user_id": "bea", "user_info": {"a/b": "ü"}})
    succeeded: list[str] = []
    listener.client.connection.event_handler = lambda event, data, channel: succeeded.append(data) if event.endswith("succeeded") else None
    listener.client.connection.send_event("pusher:subscribe", {"channel": "presence-py-auth", **signed})
    eventually("success", lambda: succeeded)
    assert json.loads(succeeded[0])["presence"]["hash"] == {"bea": {"a/b": "ü"}}


@pytest.mark.parametrize(
    ("what", "options", "error"),
    [
        ("a wrong secret", {"secret": "nope"}, pusher.errors.PusherBadAuth),
        ("an unknown key", {"key": "a" * 20}, pusher.errors.PusherBadAuth),
        ("an unknown app", {"app_id": "1"}, pusher.errors.PusherBadStatus),
    ],
)
def test_refusals_become_the_sdks_errors(app: App, what, options, error):
    given = {"app_id": app.id, "key": app.key, "secret": app.secret, **options}
    with pytest.raises(error):
        pusher.Pusher(**given, ssl=False, host=app.host, port=app.port).trigger("a", "e", "1")


def test_over_the_size_the_sdk_allows_the_server_says_413(sdk):
    with pytest.raises(pusher.errors.PusherBadStatus, match="413"):
        sdk.trigger("a", "e", "x" * 10_241)
    assert sdk.trigger("a", "e", "x" * 10_240) == {}
