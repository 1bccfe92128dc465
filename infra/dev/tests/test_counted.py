import unittest

from counted import Tally, read

ROWS = [
    ("cargo, two crates", "cargo", 0, "test result: ok. 3 passed; 0 failed; 1 ignored;\ntest result: ok. 4 passed; 0 failed;", Tally(7, 0)),
    ("cargo, one red", "cargo", 101, "test result: FAILED. 3 passed; 2 failed; 0 ignored;", Tally(3, 2)),
    ("cargo, does not compile", "cargo", 101, "error: could not compile `gateway`", Tally(0, 1)),
    ("node", "node", 1, "ℹ tests 9\nℹ pass 7\nℹ fail 1\nℹ cancelled 1", Tally(7, 2)),
    ("pytest, one red", "pytest", 1, "========== 1 failed, 12 passed in 3.02s ==========", Tally(12, 1)),
    ("pytest, an error in a fixture", "pytest", 1, "=== 2 passed, 1 error in 0.1s ===", Tally(2, 1)),
    ("vitest in colour", "vitest", 0, "\x1b[2m      Tests \x1b[22m \x1b[32m31 passed\x1b[39m (31)", Tally(31, 0)),
    ("vitest, one red", "vitest", 1, "      Tests  2 failed | 29 passed (31)", Tally(29, 2)),
    ("lint fails after green tests", "vitest", 1, "      Tests  31 passed (31)", Tally(31, 1)),
    ("ran nothing", "node", 0, "ℹ pass 0\nℹ fail 0", Tally(0, 1)),
    ("a check that is quiet", "check", 0, "", Tally(1, 0)),
    ("a check that is not", "check", 1, "Diff in main.rs", Tally(0, 1)),
]


class ClosingLines(unittest.TestCase):
    def test_each_runner_is_read(self) -> None:
        for what, runner, status, printed, expected in ROWS:
            with self.subTest(what):
                self.assertEqual(read(runner, printed, status), expected)
