"""What is measured, and what it should come to."""

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Scenario:
    what: str
    load: str
    """Words for bench-load."""
    limit: str
    """The reference server's mode that marks the limit."""


SCENARIOS = {
    "A": Scenario(
        "1 channel × 1,000, under load",
        "fanout --subscribers 1000 --channels 1 --publishers 8 --window 8",
        "coalesce",
    ),
    "A1": Scenario(
        "the same, one message at a time",
        "fanout --subscribers 1000 --channels 1 --publishers 1 --window 1",
        "direct",
    ),
    "B": Scenario(
        "100 channels × 10",
        "fanout --subscribers 1000 --channels 100 --publishers 16 --window 64",
        "direct",
    ),
    "C": Scenario(
        "1,000 channels × 1",
        "fanout --subscribers 1000 --channels 1000 --publishers 16 --window 16",
        "direct",
    ),
    "D": Scenario("publish, no subscribers", "publish --publishers 16", "direct"),
    "E": Scenario("10,000 idle connections", "connect --subscribers 10000 --hold 2", "direct"),
    "F": Scenario(
        "1 channel × 1,000, 20 messages/s",
        "fanout --subscribers 1000 --channels 1 --publishers 8 --rate 20",
        "direct",
    ),
}


@dataclass(frozen=True)
class Row:
    """One figure of a scenario and its target."""

    scenario: str
    figure: str
    value: Callable[[dict], float]
    target: float
    of_limit: bool
    """Whether the target is a share of the limit, or the figure itself."""
    at_most: bool = False
    digits: int = 0
    limit: str = "the limit"
    """What the share is taken of, in the reader's words."""

    def is_met(self, figure: float, ratio: float | None) -> bool | None:
        reached = ratio if self.of_limit else figure
        if reached is None:
            return None
        return reached <= self.target if self.at_most else reached >= self.target

    def target_text(self) -> str:
        sign = "≤" if self.at_most else "≥"
        return f"{sign} {self.target:g}{f' of {self.limit}' if self.of_limit else ''}"


def _delivered(report: dict) -> float:
    return report["load"]["deliveries_per_cpu_s"] / 1e3


def _published(report: dict) -> float:
    return report["load"]["publishes_per_cpu_s"] / 1e3


def _latency(quantile: str) -> Callable[[dict], float]:
    return lambda report: report["load"]["delivery_us"][quantile] / 1e3


def _memory(report: dict) -> float:
    return report["opening"]["resident_bytes_per_connection"] / 1024


DELIVERIES = "thousand deliveries / CPU s"
KIB_PER_CONNECTION = "KiB resident per connection"
ROWS = [
    Row("A", DELIVERIES, _delivered, 0.85, of_limit=True),
    Row("A1", DELIVERIES, _delivered, 0.90, of_limit=True),
    Row("B", DELIVERIES, _delivered, 0.90, of_limit=True),
    Row("C", DELIVERIES, _delivered, 0.65, of_limit=True),
    Row("D", "thousand publishes / CPU s", _published, 0.50, of_limit=True),
    Row(
        "E",
        KIB_PER_CONNECTION,
        _memory,
        8,
        of_limit=False,
        at_most=True,
        digits=1,
    ),
    Row(
        "E",
        "thousand connects / CPU s",
        lambda report: report["opening"]["per_cpu_s"] / 1e3,
        20,
        of_limit=False,
        digits=1,
    ),
    Row("F", "p50 ms", _latency("p50"), 1.25, of_limit=True, at_most=True, digits=2),
    Row("F", "p99 ms", _latency("p99"), 1.25, of_limit=True, at_most=True, digits=2),
]


DIALECTS = {
    "pusher": "Pusher",
    "relay": "Relay",
    "anycable": "AnyCable",
    "anycable-ext": "AnyCable, extended",
    "metered": "Metered",
}
"""Dialects by bench-load's words for them. The first is what the others are compared with."""


def _beside_pusher(
    scenario: str, figure: str, value: Callable[[dict], float], target: float, **more
) -> Row:
    return Row(scenario, figure, value, target, of_limit=True, limit="Pusher's", **more)


DIALECT_ROWS = [
    _beside_pusher("A", DELIVERIES, _delivered, 0.90),
    _beside_pusher("A1", DELIVERIES, _delivered, 0.90),
    _beside_pusher("B", DELIVERIES, _delivered, 0.90),
    _beside_pusher("E", KIB_PER_CONNECTION, _memory, 1.20, at_most=True, digits=1),
]
"""What a dialect may cost: a tenth less throughput than Pusher's, a fifth more memory."""


@dataclass(frozen=True)
class Growth:
    """A scenario repeated while one number grows; its cost should stay what it was."""

    what: str
    steps: list[int]
    load: str
    """Words for bench-load, with `{n}` for the number."""
    apps: Callable[[int], int] = lambda n: 1
    """How many apps the server's directory must hold."""


GROWTH = {
    "channels": Growth(
        "channels published to",
        [100, 10_000, 1_000_000],
        "publish --publishers 16 --touch --channels {n}",
    ),
    "apps": Growth(
        "apps in the directory, each published to",
        [1, 1_000, 100_000],
        "publish --publishers 16 --touch --channels {n} --apps {n}",
        apps=lambda n: n,
    ),
    "connections": Growth(
        "connections subscribed elsewhere",
        [100, 1_000, 10_000],
        "publish --publishers 16 --bystanders {n}",
    ),
}

FLAT = 0.85
"""The share of the first step's figure that still counts as flat: what two runs differ by anyway."""
