import os
import socket
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from checkout import Ports, Stop
from credentials import Secrets, write_private
from lock import Running


class ChosenPorts(unittest.TestCase):
    def test_the_environment_chooses(self) -> None:
        with mock.patch.dict(os.environ, {"SIGNALBOX_GATEWAY_PORT": "6200"}):
            self.assertEqual(Ports.from_environment().gateway, 6200)

    def test_what_is_no_port_is_refused_by_name(self) -> None:
        for raw in ("", "0", "65536", "-1", "6001x", "٣"):
            with self.subTest(raw), mock.patch.dict(os.environ, {"SIGNALBOX_CONSOLE_PORT": raw}):
                with self.assertRaisesRegex(Stop, "SIGNALBOX_CONSOLE_PORT"):
                    Ports.from_environment()

    def test_free_ports_differ(self) -> None:
        ports = Ports.free()
        self.assertEqual(len({ports.gateway, ports.metrics, ports.console, ports.postgres, ports.console_metrics}), 5)

    def test_a_taken_port_is_named_with_its_variable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ports = Ports(gateway=taken.getsockname()[1], metrics=1, console=2, postgres=3, console_metrics=4)
            with self.assertRaisesRegex(Stop, "SIGNALBOX_GATEWAY_PORT"):
                ports.refuse_taken(("gateway",))


class KeptSecrets(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "secrets.json"

    def test_the_second_start_has_the_first_ones(self) -> None:
        self.assertEqual(Secrets.kept_in(self.path), Secrets.kept_in(self.path))

    def test_nobody_else_reads_them(self) -> None:
        Secrets.kept_in(self.path)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_a_damaged_file_is_not_replaced(self) -> None:
        write_private(self.path, '{"master_key": "x"')
        with self.assertRaises(Stop):
            Secrets.kept_in(self.path)
        self.assertEqual(self.path.read_text(), '{"master_key": "x"')

    def test_they_do_not_print(self) -> None:
        made = Secrets.generate()
        self.assertNotIn(made.master_key, repr(made))


class OneLauncher(unittest.TestCase):
    def test_the_second_learns_who_was_first(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            first = Running(Path(folder) / "run.lock")
            self.assertIsNone(first.other)
            self.assertEqual(Running(Path(folder) / "run.lock").other, os.getpid())
