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

  Receive: paste this into a page and open it in a browser

{browser_snippet(dev)}

  Send: paste this into a terminal

{curl_line(dev)}

  The same as JSON: .signalbox/dev.json   Logs: .signalbox/logs/   Ctrl-C stops everything
{rule}
"""


def curl_line(dev: dict[str, Any]) -> str:
    app = dev["app"]
    return (
        f"curl -sS -X POST {dev['gateway_url']}/apps/{app['id']}/events"
        f" -H 'Authorization: Bearer {app['sk']}' -H 'Content-Type: application/json'"
        """ -d '{"name":"hello","channel":"news","data":"{\\"text\\":\\"It works\\"}"}'"""
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
