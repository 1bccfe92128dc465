"""What a stranger needs to send and receive a first message."""

from typing import Any
from urllib.parse import urlsplit


def block(dev: dict[str, Any]) -> str:
    app = dev["app"]
    rule = "─" * 78
    return f"""
{rule}
  Signalbox is running

  console       {dev["console_url"]}
  demo account  {dev["email"]}   password  {dev["password"]}
  gateway       {dev["gateway_url"]}
  app id        {app["id"]}
  key           {app["key"]}
  secret        {app["secret"]}
  secret key    {app["sk"]}

  Every dialect is on, over the same channels; the console's Overview has code for each
{dialect_lines(dev)}

  Receive: paste this into a page and open it in a browser

{browser_snippet(dev)}

  Send: paste this into a terminal

{curl_line(dev)}

  The same as JSON: .signalbox/dev.json   Logs: .signalbox/logs/   Mail that is sent lands in .signalbox/mail/
  Ctrl-C stops everything
{rule}
"""


def dialect_lines(dev: dict[str, Any]) -> str:
    """One line per dialect: what its clients open."""
    app = dev["app"]
    gateway = "ws" + dev["gateway_url"].removeprefix("http")
    rows = {
        "Pusher": f"{gateway}/app/{app['key']}?protocol=7",
        "Relay": f"{gateway}/app/{app['key']}",
        "AnyCable": app["anycable"]["ws_url"],
        "Metered": f"{gateway}/v1?key={app['pk']}",
    }
    return "\n".join(f"    {name:<12}{url}" for name, url in rows.items())


def curl_line(dev: dict[str, Any]) -> str:
    app = dev["app"]
    return (
        f"curl -sS -X POST {dev['gateway_url']}/apps/{app['id']}/events"
        f" -H 'Authorization: Bearer {app['sk']}' -H 'Content-Type: application/json'"
        """ -d '{"event":"hello","channel":"news","data":"{\\"text\\":\\"It works\\"}"}'"""
    )


def browser_snippet(dev: dict[str, Any]) -> str:
    gateway = urlsplit(dev["gateway_url"])
    return f"""<script src="{dev["console_url"]}/pusher.min.js"></script>
<script>
  const pusher = new Pusher("{dev["app"]["key"]}", {{
    wsHost: "{gateway.hostname}", wsPort: {gateway.port}, forceTLS: false, cluster: "local", enabledTransports: ["ws", "wss"],
  }});
  pusher.subscribe("news").bind("hello", (data) => document.body.append(data.text + " "));
</script>"""
