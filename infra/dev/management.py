"""A client of the public management API: a cookie, a CSRF token, JSON."""

import http.cookiejar
import json
import urllib.error
import urllib.request
from typing import Any

from checkout import Stop


class Refused(Stop):
    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path} was answered with {status}: {body[:500]}")
        self.status = status


class Management:
    def __init__(self, console_url: str) -> None:
        self._url = console_url
        self.forget()

    def forget(self) -> None:
        """Whoever was signed in no longer is."""
        self._csrf: str | None = None
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )

    def sign_up(self, email: str, password: str, organisation: str) -> dict[str, Any]:
        return self._signed_in(self.call("POST", "/v1/signup", {"email": email, "password": password, "organisation": organisation}))

    def log_in(self, email: str, password: str) -> dict[str, Any]:
        return self._signed_in(self.call("POST", "/v1/login", {"email": email, "password": password}))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if method != "GET" and self._csrf:
            headers["X-CSRF-Token"] = self._csrf
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=15) as response:
                text = response.read().decode()
        except urllib.error.HTTPError as error:
            raise Refused(method, path, error.code, error.read().decode(errors="replace")) from None
        except OSError as error:
            raise Stop(f"{method} {self._url}{path}: {error}") from None
        return json.loads(text) if text else None

    def _signed_in(self, answer: dict[str, Any]) -> dict[str, Any]:
        self._csrf = answer["csrf_token"]
        return answer
