"""The mail that the control plane writes to a folder instead of sending it."""

import email
import email.policy
import re
import time
from pathlib import Path


def token_for(folder: Path, address: str, patience_s: float = 10) -> str | None:
    """What the link in the newest mail to somebody carries; `None` if there is none in time."""
    until = time.monotonic() + patience_s
    while True:
        for path in sorted(folder.glob("*.eml"), reverse=True):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = mail.get_body(("plain",))
            if mail["To"] == address and text and (found := re.search(r"#token=(\S+)", text.get_content())):
                return found[1]
        if time.monotonic() > until:
            return None
        time.sleep(0.1)
