"""The addons' translations (i18n/*.po): brought in step with the templates, and what is wrong with them.

Runs as a program in the virtual environment, which has polib: `catalogues.py check|update ADDON_FOLDER...`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

# Each language is complete: half a sentence in another one is worse than English.
LANGUAGES = ("de", "es", "fr", "zh_CN")
# What the program puts in, and the tags around it, have to come through.
PLACEHOLDER = re.compile(r"%%|%(?:\([a-z_]+\))?[-+0#]*\d*(?:\.\d+)?[sdfgr]|\$\{[^}]*\}|\{\{[^}]*\}\}|</?[a-z][a-z0-9]*")


def catalogue_of(template: Path, language: str) -> Path:
    return template.with_name(f"{language}.po")


def faults(template: Path) -> Iterator[str]:
    """One sentence for each language that is not complete, and for each translation that would break its sentence."""
    wanted = {entry.msgid for entry in polib.pofile(str(template))}
    for language in LANGUAGES:
        path = catalogue_of(template, language)
        if not path.exists():
            yield f"{path} is missing"
            continue
        catalogue = polib.pofile(str(path))
        known = {entry.msgid for entry in catalogue if not entry.obsolete}
        if known != wanted:
            yield f"{path} is stale: {len(wanted - known)} terms are missing, {len(known - wanted)} are gone"
        open_terms = [entry.msgid for entry in catalogue if not entry.obsolete and not entry.translated()]
        if open_terms:
            yield f"{path}: {len(open_terms)} terms are not translated, such as {open_terms[0]!r}"
        yield from (f"{path}: {sentence}" for entry in catalogue for sentence in _broken(entry))


def _broken(entry: polib.POEntry) -> Iterator[str]:
    if entry.obsolete or not entry.msgstr:
        return
    wanted, found = sorted(PLACEHOLDER.findall(entry.msgid)), sorted(PLACEHOLDER.findall(entry.msgstr))
    if wanted != found:
        yield f"{entry.msgstr!r} has {found}, but {entry.msgid!r} has {wanted}"


def update(template: Path) -> None:
    """Give every catalogue the template's terms in its order: new ones empty, those that are gone left out."""
    wanted = polib.pofile(str(template))
    for language in LANGUAGES:
        path = catalogue_of(template, language)
        known = {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))} if path.exists() else {}
        catalogue = polib.POFile(wrapwidth=78)
        catalogue.metadata = {**wanted.metadata, "Language": language}
        for entry in wanted:
            catalogue.append(
                polib.POEntry(
                    msgid=entry.msgid,
                    msgstr=known.get(entry.msgid, ""),
                    occurrences=entry.occurrences,
                    comment=entry.comment,
                    flags=entry.flags,
                )
            )
        catalogue.save(str(path))


def main(arguments: list[str]) -> int:
    command, *addons = arguments
    templates = [Path(addon) / "i18n" / f"{Path(addon).name}.pot" for addon in addons]
    if command == "update":
        for template in templates:
            update(template)
        return 0
    found = [fault for template in templates for fault in faults(template)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
