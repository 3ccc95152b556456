"""What a person sees while the tool works: numbered steps, elapsed time, and a sign of life from long commands."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from scf_tool.failure import CannotRun, CommandFailed

HEARTBEAT_SECONDS = 20
TAIL_LINES = 15
OFFLINE_SIGNS = (
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    "Could not resolve",
    "Name or service not known",
    "Failed to establish a new connection",
    "NewConnectionError",
    "Network is unreachable",
    "Unable to connect to",
    "Could not connect to",
    "Connection timed out",
    "No route to host",
)


def say(text: str = "", *, stream: IO[str] | None = None) -> None:
    print(text, file=stream or sys.stdout, flush=True)


def seconds(elapsed: float) -> str:
    return f"{elapsed:.0f} s" if elapsed < 100 else f"{elapsed / 60:.1f} min"


class Step:
    """One step under way; `result` is what its closing line says."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.result = "done"


class Steps:
    """A numbered list of named steps, each reported when it begins and when it ends."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        self._number += 1
        begun = time.monotonic()
        say(f"[{self._number}/{self._total}] {title}")
        step = Step(title)
        try:
            yield step
        except CannotRun:
            say(f"      stopped after {seconds(time.monotonic() - begun)}")
            raise
        say(f"      {step.result} ({seconds(time.monotonic() - begun)})")


def run_logged(
    argv: Sequence[str | os.PathLike[str]],
    *,
    log: Path,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Path | None = None,
) -> None:
    """Run a long command with its output in `log`, showing a sign of life now and then.

    :param what: the words for it in a message, as "installing the packages".
    :raises CommandFailed: it ended badly; where it speaks of an unreachable network, the sentence says so.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with log.open("ab") as output, (stdin or Path(os.devnull)).open("rb") as given:
        start = output.tell()
        try:
            process = subprocess.Popen(argv, stdin=given, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd)
        except OSError as error:
            raise CannotRun(f"{what}: cannot start {argv[0]}: {error.strerror}.") from error
        status = _wait_aloud(process, what, begun)
    if status:
        raise _failure(what, status, _written_since(log, start), log)


def run_quietly(
    argv: Sequence[str | os.PathLike[str]],
    *,
    what: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
) -> str:
    """Run a short command and return what it printed.

    :raises CommandFailed: it ended badly.
    """
    try:
        answer = subprocess.run(argv, input=stdin or "", capture_output=True, text=True, env=env, cwd=cwd, check=False)
    except OSError as error:
        raise CannotRun(f"{what}: cannot start {argv[0]}: {error.strerror}.") from error
    if answer.returncode:
        raise _failure(what, answer.returncode, answer.stdout + answer.stderr, None)
    return answer.stdout


def _wait_aloud(process: subprocess.Popen[bytes], what: str, begun: float) -> int:
    try:
        while True:
            try:
                return process.wait(timeout=HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"      … {what}, {seconds(time.monotonic() - begun)} so far")
    except BaseException:
        process.terminate()
        process.wait()
        raise


def _written_since(log: Path, start: int) -> str:
    with log.open("rb") as output:
        output.seek(start)
        return output.read().decode(errors="replace")


def _failure(what: str, status: int, output: str, log: Path | None) -> CommandFailed:
    tail = "\n".join(output.splitlines()[-TAIL_LINES:])
    if any(sign in output for sign in OFFLINE_SIGNS):
        again = "What was finished is kept; run the same command again when it is back."
        sentence = f"{what}: the network cannot be reached. {again}"
        return CommandFailed(sentence, status=status, tail="", log=log)
    return CommandFailed(f"{what}: failed with status {status}.", status=status, tail=tail, log=log)
