"""The addons' translation templates: are they what the sources say now? And their catalogues, brought in step."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from scf_tool.checkout import Checkout
from scf_tool.databases import TEMPLATE
from scf_tool.progress import run_logged
from scf_tool.setup import Ready, exclusive, set_up

CATALOGUES = Path(__file__).with_name("catalogues.py")


def run(checkout: Checkout) -> int:
    """Write the templates anew from the sources, and give the catalogues their terms: new ones are left open."""
    ready, steps = set_up(checkout, further_steps=2)
    with exclusive(checkout), steps.step("Database of Odoo with our addons") as step:
        step.result = ready.databases.ensure_template()
    with steps.step("Terms of the addons"):
        for name in ready.databases.product_addons():
            template = template_of(ready, name)
            template.parent.mkdir(exist_ok=True)
            template.write_text(export_template(ready, name), encoding="utf-8")
        return of_catalogues(ready, "update").returncode


def of_catalogues(ready: Ready, command: str) -> subprocess.CompletedProcess[str]:
    """Run `catalogues.py` on all addons, in the virtual environment."""
    addons = [str(ready.checkout.addons / name) for name in ready.databases.product_addons()]
    argv = [str(ready.checkout.venv / "bin" / "python"), "-P", str(CATALOGUES), command, *addons]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def template_of(ready: Ready, name: str) -> Path:
    return ready.checkout.addons / name / "i18n" / f"{name}.pot"


def stale_templates(ready: Ready) -> list[str]:
    """One sentence for each addon whose i18n/NAME.pot differs from a fresh export."""
    stale = []
    for name in ready.databases.product_addons():
        committed = template_of(ready, name)
        if not committed.exists():
            continue
        fresh = export_template(ready, name)
        known, wanted = messages(committed.read_text(encoding="utf-8")), messages(fresh)
        if known != wanted:
            missing, gone = sorted(wanted - known), sorted(known - wanted)
            stale.append(
                f"{committed.relative_to(ready.checkout.root)} is stale: {len(missing)} terms are missing "
                f"({', '.join(map(repr, missing[:3]))}), {len(gone)} are gone ({', '.join(map(repr, gone[:3]))})"
            )
    return stale


def export_template(ready: Ready, module: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"{module}.pot"
        run_logged(
            ready.odoo.argv(TEMPLATE, "-o", str(target), module, command="i18n export"),
            log=ready.checkout.logs / "translations.log",
            what=f"exporting the terms of {module}",
            env=ready.odoo.environment(),
        )
        return target.read_text(encoding="utf-8")


def messages(template: str) -> set[str]:
    """The msgids of a template, continuation lines joined; dates and places in the source do not count."""
    joined = re.sub(r'"\n"', "", template)
    return {match[1] for match in re.finditer(r'^msgid "(.*)"$', joined, re.M)} - {""}
