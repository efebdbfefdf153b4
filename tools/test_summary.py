#!/usr/bin/env python3
"""Sums up `bazel test` from the build events it wrote as JSON.

Usage: test_summary.py EVENT_FILE BAZEL_EXIT_CODE

Names each failed target and its logs, ends with "N passed, N failed", and exits
as Bazel did, or with 3 if Bazel was content and there was no clean pass.
"""

import json
import sys
import urllib.parse


def read_events(path):
    """Yields the events; the last line may be cut short if Bazel died."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                return


def sum_up(events):
    """Returns the labels that passed and, by label, why the others did not."""
    passed, failed = set(), {}
    for event in events:
        kind, identity = next(iter(event["id"].items()))
        label = identity.get("label")
        if event.get("aborted", {}).get("reason") == "SKIPPED":
            continue
        if kind == "testSummary":
            summary = event.get("testSummary", {})
            status = summary.get("overallStatus", "NO_STATUS")
            if status == "PASSED":
                passed.add(label)
                continue
            logs = [
                "\n    " + urllib.parse.unquote(urllib.parse.urlparse(log["uri"]).path)
                for log in summary.get("failed", [])
            ]
            failed[label] = status.lower().replace("_", " ") + "".join(logs)
        elif label and ("aborted" in event or kind == "targetCompleted"):
            if not event.get("completed", {}).get("success"):
                failed.setdefault(label, "failed to build; the errors are above")
    return passed - failed.keys(), failed


def main():
    path, exit_code = sys.argv[1], int(sys.argv[2])
    passed, failed = sum_up(read_events(path))
    for label, reason in sorted(failed.items()):
        print(f"{label}: {reason}")
    count = len(failed)
    if not failed and exit_code:
        print(f"Bazel failed with exit code {exit_code}; its errors are above.")
        count = 1
    elif not failed and not passed:
        print("Bazel ran no test.")
        count = 1
    print(f"{len(passed)} passed, {count} failed")
    return exit_code or (3 if count else 0)


if __name__ == "__main__":
    sys.exit(main())
