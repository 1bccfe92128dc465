"""Postgres, control plane and gateway on one machine: for `make run` and, on free ports, for the tests."""

import os
import urllib.error
import urllib.request
from pathlib import Path

from checkout import Ports, binary
from children import Child
from credentials import Secrets
from postgres import Postgres

DRAIN_S = 20

# Everybody here comes from one address, tests included; the gateway's own default is for one person's.
CONNECTS = "SIGNALBOX_METERED_CONNECTS_PER_MINUTE"


class Stack:
    def __init__(
        self,
        home: Path,
        ports: Ports,
        secrets: Secrets,
        *,
        database_url: str | None = None,
        postgres_settings: dict[str, str] | None = None,
        gateway_env: dict[str, str] | None = None,
        control_plane_env: dict[str, str] | None = None,
        second_ports: Ports | None = None,
    ) -> None:
        self.home = home
        self.ports = ports
        self._secrets = secrets
        logs = home / "logs"
        self.mail = home / "mail"
        self.postgres = (
            None
            if database_url
            else Postgres(home / "postgres", ports.postgres, secrets.postgres_password, logs / "postgres.log", postgres_settings)
        )
        self.database_url = database_url or self.postgres.url
        self.gateway_url = f"http://127.0.0.1:{ports.gateway}"
        self.metrics_url = f"http://127.0.0.1:{ports.metrics}"
        self.console_metrics_url = f"http://127.0.0.1:{ports.console_metrics}"
        self.console_url = f"http://127.0.0.1:{ports.console}"
        self.operator_env = self._environment(
            DATABASE_URL=self.database_url,
            SIGNALBOX_CONSOLE_LISTEN=f"127.0.0.1:{ports.console}",
            SIGNALBOX_CONSOLE_ORIGIN=self.console_url,
            SIGNALBOX_PUBLIC_GATEWAY_URL=self.gateway_url,
            SIGNALBOX_MAIL_DIR=str(self.mail),
            # Whoever tries webhooks here listens on this machine.
            SIGNALBOX_WEBHOOKS_TO_LOOPBACK="1",
            **(control_plane_env or {}),
        )
        serving = {**self.operator_env, "SIGNALBOX_CONSOLE_METRICS_LISTEN": f"127.0.0.1:{ports.console_metrics}"}
        self.control_plane = Child(
            "control plane", [binary("signalbox-control-plane")], logs / "control-plane.log", serving
        )
        gateway_env = {CONNECTS: os.environ.get(CONNECTS, "6000"), **(gateway_env or {})}
        self.gateway = self._gateway("gateway", ports, gateway_env)
        # For those who want to see two of them share one quota; it is not started with the rest.
        second = {**gateway_env, "SIGNALBOX_GATEWAY_ID": "second"}
        self.second_gateway = self._gateway("second-gateway", second_ports, second) if second_ports else None
        self.second_gateway_url = f"http://127.0.0.1:{second_ports.gateway}" if second_ports else None

    def _gateway(self, name: str, ports: Ports, env: dict[str, str]) -> Child:
        return Child(
            name,
            [binary("signalbox-gateway")],
            self.home / "logs" / f"{name}.log",
            self._environment(
                SIGNALBOX_LISTEN=f"127.0.0.1:{ports.gateway}",
                SIGNALBOX_METRICS_LISTEN=f"127.0.0.1:{ports.metrics}",
                SIGNALBOX_CONTROL_PLANE_URL=self.console_url,
                SIGNALBOX_ADVERTISED_OPS_URL=f"http://127.0.0.1:{ports.metrics}",
                SIGNALBOX_STATE_DIR=str(self.home / name),
                **env,
            ),
        )

    @property
    def children(self) -> list[Child]:
        every = [self.postgres and self.postgres.child, self.control_plane, self.gateway, self.second_gateway]
        return [child for child in every if child]

    def start(self) -> None:
        if self.postgres:
            self.postgres.start()
        self.start_control_plane()
        self.start_gateway()

    def start_control_plane(self) -> None:
        self.control_plane.start()
        self.control_plane.wait_until(lambda: answers(f"{self.console_url}/health") == 200, 60)

    def start_gateway(self) -> None:
        self._start(self.gateway, self.gateway_url)

    def start_second_gateway(self) -> None:
        self._start(self.second_gateway, self.second_gateway_url)

    def _start(self, gateway: Child, url: str) -> None:
        (self.home / gateway.name).mkdir(parents=True, exist_ok=True, mode=0o700)
        gateway.start()
        # Any answer will do: with no app yet the gateway calls itself unhealthy.
        gateway.wait_until(lambda: answers(f"{url}/up") is not None, 30)

    def stop(self) -> None:
        """Clients are sent away first, while everything they may still ask for is there."""
        if self.second_gateway:
            self.second_gateway.stop(DRAIN_S)
        self.gateway.stop(DRAIN_S)
        self.control_plane.stop(10)
        if self.postgres:
            self.postgres.stop()

    def _environment(self, **own: str) -> dict[str, str]:
        return {
            **os.environ,
            "SIGNALBOX_MASTER_KEY": self._secrets.master_key,
            "SIGNALBOX_GATEWAY_TOKEN": self._secrets.gateway_token,
            **own,
        }


def answers(url: str) -> int | None:
    """The status of a GET, `None` if nobody answered."""
    try:
        with _direct.open(url, timeout=2) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


# Never through a proxy: everything here is on this machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
