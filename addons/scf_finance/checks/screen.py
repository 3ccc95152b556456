"""The lights as the panel and the application show them: plain JSON, in the reader's language."""

from __future__ import annotations

from decimal import Decimal

from odoo.tools.translate import LazyTranslate

from .catalogue import CATALOGUE, LIGHTS
from .lights import Checked
from .result import GREY, LEVELS, worst
from .wording import number_on_screen, on_screen, term_on_screen

_lt = LazyTranslate(__name__)
# What a light is called, and the question that it answers.
NAMES = {
    "authenticity": (_lt("Authenticity"), _lt("Is the trade real?")),
    "self_liquidation": (_lt("Self-liquidation"), _lt("Will the sale pay the loan back?")),
    "control": (_lt("Control"), _lt("Does the money come to the right account?")),
}
UNITS = {"percent": _lt("%s %%"), "days": _lt("%s days"), "documents": _lt("%s documents")}
# What needs attention is read first.
READING_ORDER = ("red", "amber", "grey", "green")
# Of one check in several files: what was found in any of them counts before what could not be looked at in another.
WORST_FIRST = (*reversed(LEVELS), GREY)


def live_lights(checked: list[Checked], env) -> list[dict]:
    """The lights of checks made just now."""
    rows = [
        _row(
            item.rule.CODE,
            item.rule.LIGHT,
            item.result.level,
            on_screen(item.result.sentence, env),
            (item.result.figure, item.result.threshold, item.result.unit),
            env,
        )
        for item in checked
    ]
    return _lights(rows, env)


def sealed_lights(sections: dict[str, object], env) -> list[dict]:
    """The lights of the sections `checks` of several files (as `openscf.package.read_package` gives them), as one.

    Where the files differ, as each bank reads as much as its consent gives, the worst result counts, and its title
    names the file; that a check could not be made from one of them counts only where no other tells more. Their
    sentences stay as the bank reads them, in English.

    :param sections: by the name of the bank that got the file
    """
    codes = dict.fromkeys(item.code for section in sections.values() for item in section.results)
    return _lights([_worst_row(code, sections, env) for code in codes], env)


def _worst_row(code: str, sections: dict[str, object], env) -> dict:
    found = {bank: item for bank, section in sections.items() for item in section.results if item.code == code}
    bank, item = min(found.items(), key=lambda pair: WORST_FIRST.index(pair[1].level))
    row = _row(item.code, item.light, item.level, item.sentence, (item.figure, item.threshold, item.unit), env)
    if any((other.level, other.sentence) != (item.level, item.sentence) for other in found.values()):
        row["title"] = env._("%(check)s, in the file for %(bank)s", check=row["title"], bank=bank)
    return row


def _row(code: str, light: str, level: str, sentence: str, measured, env) -> dict:
    figure, threshold, unit = measured
    titles = {rule.CODE: rule.TITLE for rule in CATALOGUE}
    return {
        "code": code,
        "light": light,
        # A package may be older than the catalogue: a check that is gone is called by its code.
        "title": term_on_screen(titles[code], env) if code in titles else code,
        "level": level,
        "sentence": sentence,
        "figure": _measured(figure, unit, env),
        "threshold": _measured(threshold, unit, env),
    }


def _measured(value: Decimal | None, unit: str | None, env) -> str:
    if value is None:
        return ""
    text = number_on_screen(value, env)
    return term_on_screen(UNITS[unit], env) % text if unit in UNITS else text


def _lights(rows: list[dict], env) -> list[dict]:
    lights = []
    for light in LIGHTS:
        name, question = NAMES[light]
        checks = [row for row in rows if row["light"] == light]
        lights.append(
            {
                "light": light,
                "name": term_on_screen(name, env),
                "question": term_on_screen(question, env),
                "level": worst(row["level"] for row in checks),
                "checks": sorted(checks, key=lambda row: READING_ORDER.index(row["level"])),
            }
        )
    return lights
