# SPDX-License-Identifier: GPL-2.0-only
"""Reads what a test program says in TAP or KTAP, and trusts none of it."""

import re

RESULT = re.compile(r"(ok|not ok)\b\s*(\d*)\s*-?\s*(.*)")
PLAN = re.compile(r"1\.\.(\d+)\s*(#\s*skip\b.*)?$", re.IGNORECASE)
SKIP = re.compile(r"#\s*skip\b", re.IGNORECASE)


class Outcome:
    """What one suite came to: counts, and the words that explain a failure."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.words = []

    def fail(self, *words):
        self.failed += 1
        self.words.extend(words)


class Document:
    """One TAP stream: from its plan or its version line to the next one."""

    def __init__(self):
        self.plan = None
        self.results = 0

    def empty(self):
        return self.plan is None and not self.results


def close(document, outcome, where):
    """A stream that stopped early looks like success unless it is counted."""
    if document.plan is None:
        outcome.fail(f"{where}: no plan (1..N)")
    elif document.results != document.plan:
        outcome.fail(f"{where}: {document.plan} planned, {document.results} ran")


def parse(text):
    """Only lines at the margin count: an indented or commented result is a
    part of the one that follows it at the margin."""
    outcome = Outcome()
    document = Document()
    streams = 0
    before = []
    after = False
    for line in text.splitlines():
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if line.startswith(("TAP version", "KTAP version")):
            if not document.empty():
                close(document, outcome, f"stream {streams + 1}")
                streams += 1
                document = Document()
            before, after = [], False
        elif plan:
            if document.plan is not None:
                outcome.fail(f"a second plan: {line}")
            document.plan = int(plan.group(1))
            if document.plan == 0 and plan.group(2):
                outcome.skipped += 1
        elif result:
            document.results += 1
            if SKIP.search(result.group(3)):
                outcome.skipped += 1
                after = False
            elif result.group(1) == "ok":
                outcome.passed += 1
                after = False
            else:
                # Words behind the failure before this one were said already.
                outcome.fail(*(() if after else before), line)
                after = True
            before = []
        elif line.startswith("Bail out!"):
            outcome.fail(line)
        elif line.strip():
            before.append(line)
            del before[:-40]
            # Diagnostics stand before their result with some and behind it
            # with others: those behind a failure belong to both.
            if after:
                outcome.words.append(line)
    if not streams or not document.empty():
        close(document, outcome, f"stream {streams + 1}" if streams else "output")
    return outcome
