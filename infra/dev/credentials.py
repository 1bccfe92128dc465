"""Secrets of this checkout: generated once, readable by their owner alone."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from checkout import Stop


@dataclass(frozen=True)
class Secrets:
    master_key: str
    gateway_token: str
    postgres_password: str
    demo_password: str

    def __repr__(self) -> str:
        return "Secrets(…)"

    @classmethod
    def generate(cls) -> "Secrets":
        return cls(
            master_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            gateway_token=secrets.token_urlsafe(32),
            postgres_password=secrets.token_hex(24),
            demo_password=f"demo-{secrets.token_urlsafe(12)}",
        )

    @classmethod
    def kept_in(cls, path: Path) -> "Secrets":
        """A master key that is lost cannot be replaced: what it sealed stays sealed. So nothing is overwritten here."""
        if not path.exists():
            made = cls.generate()
            write_private(path, json.dumps(asdict(made), indent=2) + "\n")
            return made
        try:
            held = json.loads(path.read_text())
            return cls(**{field.name: str(held[field.name]) for field in fields(cls)})
        except (ValueError, KeyError, TypeError) as error:
            raise Stop(f"{path} cannot be read ({error!r}); put it back, or start over with `make clean`") from None


def write_private(path: Path, text: str) -> None:
    """Never readable by others, not for a moment, and never half written."""
    partial = path.with_name(path.name + ".part")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
