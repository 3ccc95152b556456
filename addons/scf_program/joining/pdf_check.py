"""What a PDF is besides pages, found out in a process that has little time and memory, and nothing to lose."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("pdf_objects.py")
# Longer than the process may compute, as the machine may have other work to do.
MOST_SECONDS = 30
FINDINGS = ("plain", "active", "encrypted")
# Bytes outside of every object that qpdf finds may be one to another reader.
PLAINLY_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA)\b")


def pdf_finding(content: bytes) -> str:
    """`plain`, `active` (it runs something, or carries files), `encrypted`, or `unreadable` within time and memory."""
    if PLAINLY_ACTIVE.search(content):
        return "active"
    try:
        ended = subprocess.run(
            [sys.executable, str(PROGRAM)],
            input=content,
            capture_output=True,
            timeout=MOST_SECONDS,
            # What it reads could take it over: it gets no secret of ours, only where our libraries are.
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "unreadable"
    found = ended.stdout.decode(errors="replace")
    return found if ended.returncode == 0 and found in FINDINGS else "unreadable"
