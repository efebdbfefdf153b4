#!/usr/bin/env python3
"""Tests test_summary.py on small event files."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

SUMMARY = os.path.join("tools", "test_summary.py")


def completed(label, success=True):
    body = {"success": True} if success else {}
    return {"id": {"targetCompleted": {"label": label}}, "completed": body}


def summary(label, status, logs=()):
    body = {"overallStatus": status, "failed": [{"uri": log} for log in logs]}
    return {"id": {"testSummary": {"label": label}}, "testSummary": body}


def aborted(label, reason):
    return {"id": {"targetCompleted": {"label": label}}, "aborted": {"reason": reason}}


class TestSummaryTest(unittest.TestCase):
    def sum_up(self, events, exit_code, tail=""):
        """Returns the lines printed and the exit code."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write("".join(json.dumps(event) + "\n" for event in events) + tail)
            file.flush()
            run = subprocess.run(
                [sys.executable, SUMMARY, file.name, str(exit_code)],
                stdout=subprocess.PIPE,
                check=False,
            )
        return run.stdout.decode().splitlines(), run.returncode

    def test_counts_passed_tests_and_not_other_targets(self):
        events = [completed("//a:lib"), completed("//a:t"), summary("//a:t", "PASSED")]
        self.assertEqual(self.sum_up(events, 0), (["1 passed, 0 failed"], 0))

    def test_names_a_failed_test_and_its_log(self):
        events = [
            summary("//a:t", "PASSED"),
            completed("//a:u"),
            summary("//a:u", "FAILED", ["file:///logs/a%20b/test.log"]),
        ]
        lines, code = self.sum_up(events, 3)
        self.assertEqual(
            lines, ["//a:u: failed", "    /logs/a b/test.log", "1 passed, 1 failed"]
        )
        self.assertEqual(code, 3)

    def test_a_flaky_test_failed_though_bazel_is_content(self):
        lines, code = self.sum_up([summary("//a:t", "FLAKY")], 0)
        self.assertEqual(lines, ["//a:t: flaky", "0 passed, 1 failed"])
        self.assertEqual(code, 3)

    def test_a_timeout_failed(self):
        lines, _ = self.sum_up([summary("//a:t", "TIMEOUT")], 3)
        self.assertEqual(lines[-1], "0 passed, 1 failed")

    def test_a_target_that_does_not_build_failed_once(self):
        events = [completed("//a:t", False), summary("//a:t", "FAILED_TO_BUILD")]
        lines, code = self.sum_up(events, 1)
        self.assertEqual(lines, ["//a:t: failed to build", "0 passed, 1 failed"])
        self.assertEqual(code, 1)

    def test_a_target_that_cannot_be_analysed_failed(self):
        lines, _ = self.sum_up([aborted("//a:t", "ANALYSIS_FAILURE")], 1)
        self.assertEqual(lines[-1], "0 passed, 1 failed")

    def test_a_target_for_another_platform_is_not_counted(self):
        events = [aborted("//a:t", "SKIPPED"), summary("//a:u", "PASSED")]
        self.assertEqual(self.sum_up(events, 0), (["1 passed, 0 failed"], 0))

    def test_passing_in_one_configuration_and_failing_in_another_is_failing(self):
        events = [summary("//a:t", "FAILED"), summary("//a:t", "PASSED")]
        self.assertEqual(self.sum_up(events, 3)[0][-1], "0 passed, 1 failed")

    def test_a_bazel_that_did_not_start_is_one_failure(self):
        lines, code = self.sum_up([], 37)
        self.assertIn("exit code 37", lines[0])
        self.assertEqual(lines[-1], "0 passed, 1 failed")
        self.assertEqual(code, 37)

    def test_running_nothing_is_a_failure(self):
        self.assertEqual(
            self.sum_up([], 0), (["Bazel ran no test.", "0 passed, 1 failed"], 3)
        )

    def test_bazel_dying_after_a_pass_is_a_failure(self):
        lines, code = self.sum_up([summary("//a:t", "PASSED")], 37, tail='{"id": {"te')
        self.assertEqual(lines[-1], "1 passed, 1 failed")
        self.assertEqual(code, 37)


if __name__ == "__main__":
    unittest.main()
