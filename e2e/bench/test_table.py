"""The tables say what was measured: `python3 -m unittest discover e2e/bench`."""

import unittest
from pathlib import Path

import table
from servers import Gateway, Other


def fanout(server: str, rep: int, per_cpu_s: float, sound: bool = True) -> dict:
    totals = dict.fromkeys(["lost", "closed", "refused", "unanswered"], 0)
    findings = {"gaps": 0 if sound else 3, "reordered": 0, "misrouted": 0}
    report = {"load": {"deliveries_per_cpu_s": per_cpu_s}, "sound": sound, "totals": totals}
    report |= {"findings": findings, "troubles": []}
    return {"server": server, "scenario": "A", "rep": rep, "report": report}


def row(results: list[dict]) -> list[str]:
    last = table.targets_table(results, ["Signalbox"], ["A"]).splitlines()[-1]
    return [cell.strip() for cell in last.strip("|").split("|")][3:8]


class Targets(unittest.TestCase):
    def test_the_ratio_is_taken_within_each_repetition(self):
        results = [fanout("limit", 0, 1e6), fanout("Signalbox", 0, 0.9e6)]
        results += [fanout("limit", 1, 2e6), fanout("Signalbox", 1, 1.8e6)]
        self.assertEqual(row(results), ["1,500", "1,350", "0.90", "±0%", "yes"])

    def test_below_the_target_is_not_met(self):
        results = [fanout("limit", 0, 1e6), fanout("Signalbox", 0, 0.8e6)]
        self.assertEqual(row(results), ["1,000", "800", "0.80", "–", "**no**"])

    def test_a_run_that_lost_something_has_no_figure(self):
        results = [fanout("limit", 0, 1e6), fanout("Signalbox", 0, 1e6, sound=False)]
        self.assertEqual(row(results), ["1,000", "–", "–", "–", "–"])
        self.assertEqual(table.errors(results), ["Signalbox, A, repetition 1: gaps 3"])

    def test_a_failed_run_is_named(self):
        failed = {"server": "Signalbox", "scenario": "channels", "step": 10_000, "rep": 2}
        failed["error"] = "did not start"
        expected = ["Signalbox, channels at 10,000, repetition 3: did not start"]
        self.assertEqual(table.errors([failed]), expected)


class Dialects(unittest.TestCase):
    def rows(self, results: list[dict], names: list[str]) -> list[list[str]]:
        lines = table.dialects_table(results, names).splitlines()[2:]
        return [[cell.strip() for cell in line.split("|")[4:9]] for line in lines]

    def test_each_is_compared_with_pusher_within_a_repetition(self):
        results = [fanout("Pusher", 0, 1e6), fanout("Relay", 0, 0.95e6)]
        results += [fanout("Pusher", 1, 2e6), fanout("Relay", 1, 1.9e6)]
        results += [fanout("Metered", 0, 0.8e6), fanout("Metered", 1, 1.6e6)]
        rows = {row[0]: row[1:] for row in self.rows(results, ["A"])}
        self.assertEqual(rows["Pusher"], ["1,500", "", "", ""])
        self.assertEqual(rows["Relay"], ["1,425", "0.95", "±0%", "yes"])
        self.assertEqual(rows["Metered"], ["1,200", "0.80", "±0%", "**no**"])
        self.assertEqual(rows["AnyCable"], ["–", "–", "–", "–"])

    def test_memory_may_be_a_fifth_more(self):
        def idle(label: str, per_connection: float) -> dict:
            opening = {"resident_bytes_per_connection": per_connection, "per_cpu_s": 1}
            report = {"opening": opening, "sound": True}
            return {"server": label, "scenario": "E", "rep": 0, "report": report}

        results = [idle("Pusher", 4096), idle("Relay", 4800), idle("AnyCable", 5000)]
        rows = {row[0]: row[1:] for row in self.rows(results, ["E"])}
        self.assertEqual(rows["Relay"], ["4.7", "1.17", "–", "yes"])
        self.assertEqual(rows["AnyCable"], ["4.9", "1.22", "–", "**no**"])


class OtherServers(unittest.TestCase):
    def test_a_command_needs_a_label_and_a_port(self):
        self.assertEqual(Other.parse("x=serve {port}"), Other("x", "serve {port}"))
        for text in ("serve {port}", "x=serve", "=serve {port}"):
            with self.assertRaises(ValueError):
                Other.parse(text)

    def test_another_build_needs_a_label_and_a_program(self):
        shell = Path("/bin/sh")
        self.assertEqual(Gateway.parse(f"before={shell}"), Gateway("before", binary=shell.resolve()))
        for text in ("/bin/sh", "before=", "=/bin/sh", "before=/nowhere", f"before={__file__}"):
            with self.assertRaises(ValueError):
                Gateway.parse(text)


if __name__ == "__main__":
    unittest.main()
