"""The command line of `./scf`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from scf_tool import bench, demo, lint, operations, shell, suites, translations, upstream
from scf_tool.checkout import Checkout
from scf_tool.failure import CannotRun
from scf_tool.progress import say
from scf_tool.setup import set_up

ROOT = Path(__file__).resolve().parents[2]
CANNOT_RUN = 2

EPILOG = """\
settings (environment):
  SCF_ODOO_PORT (8069), SCF_BANK1_PORT (8701), SCF_BANK2_PORT (8702), SCF_PG_PORT (54329)
  SCF_ODOO_PATH     an Odoo 19 source tree to use instead of Debian's package
  SCF_DEBIAN_MIRROR the Debian archive to take Odoo from, where apt on this machine names none
  SCF_PYTHON        the Python (3.11+) for the virtual environment
  XDG_CACHE_HOME    downloads are kept in its folder scf/ (default ~/.cache)

exit status: 0 done, 1 a check failed, 2 cannot run here (the sentence says why)
"""


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="scf",
        description="Sets the project up, runs it and checks it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, what: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=what, description=what)

    demo_parser = command("demo", "a believable company, two banks and the main job; leaves all of it running")
    demo_parser.add_argument("--fresh", action="store_true", help="throw the demo's database and banks away first")
    command("setup", "only what the other commands need: Odoo, Python packages, PostgreSQL, a database")
    command("stop", "end Odoo, the banks and PostgreSQL of this checkout")
    command("status", "what runs, and where")
    logs_parser = command("logs", "the last lines of the servers' logs")
    logs_parser.add_argument("service", nargs="?", help="odoo, bank1, bank2 or postgres; all without it")
    test_parser = command("test", "every suite, or those named")
    test_parser.add_argument(
        "suite", nargs="*", choices=[*suites.NAMES, []], metavar="SUITE", help=", ".join(suites.NAMES)
    )
    test_parser.add_argument("-k", dest="expression", metavar="EXPR", help="only the tests that pytest -k EXPR selects")
    command("lint", "ruff, pylint-odoo, mypy, Odoo's own linter, shellcheck, docker-compose.yml, translations")
    command("translations", "the terms of the sources written into i18n/*.pot and *.po; new ones are left open")
    bench_parser = command("bench", "the benchmarks, as ratios with query counts")
    bench_parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to the benchmarks")
    shell_parser = command("shell", "Odoo's Python shell on the demo's database")
    shell_parser.add_argument("database", nargs="?", default=demo.DATABASE)
    upstream_parser = command("upstream", "Odoo's own tests with and without the addons, compared by name")
    upstream_parser.add_argument("modules", nargs="*", help=f"default: {' '.join(upstream.MODULES)}")
    return root


def main(arguments: list[str]) -> int:
    """Run one command.

    :returns: the exit status.
    """
    options = parser().parse_args(arguments)
    # A polite end is an interruption too: what was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(options, Checkout.from_environment(ROOT))
    except CannotRun as reason:
        say(f"scf {options.command}: {reason}", stream=sys.stderr)
        return CANNOT_RUN
    except KeyboardInterrupt:
        say(f"scf {options.command}: interrupted; what was finished is kept.", stream=sys.stderr)
        return 130


def _run(options: argparse.Namespace, checkout: Checkout) -> int:
    match options.command:
        case "setup":
            set_up(checkout)
            return 0
        case "demo":
            return demo.run(checkout, fresh=options.fresh)
        case "stop":
            return operations.stop(checkout)
        case "status":
            return operations.status(checkout)
        case "logs":
            return operations.logs(checkout, options.service)
        case "test":
            return suites.run(checkout, options.suite, options.expression)
        case "lint":
            return lint.run(checkout)
        case "translations":
            return translations.run(checkout)
        case "bench":
            return bench.run(checkout, options.arguments)
        case "shell":
            return shell.run(checkout, options.database)
        case "upstream":
            return upstream.run(checkout, options.modules)
    raise CannotRun(f"there is no command {options.command}")
