"""Are the addons' translation templates what their sources say now?"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from scf_tool.databases import TEMPLATE
from scf_tool.progress import run_logged
from scf_tool.setup import Ready


def stale_templates(ready: Ready) -> list[str]:
    """One sentence for each addon whose i18n/NAME.pot differs from a fresh export."""
    stale = []
    for name in ready.databases.product_addons():
        committed = ready.checkout.addons / name / "i18n" / f"{name}.pot"
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
