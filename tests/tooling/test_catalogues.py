"""Translations that are complete, and those that would break a sentence."""

from __future__ import annotations

import polib
import pytest

from scf_tool.catalogues import LANGUAGES, faults, update

SENTENCES = ["Ask the banks", "%(bank)s lends %(rate)s %% <b>a year</b>"]
TRANSLATED = {"Ask the banks": "问银行", SENTENCES[1]: "%(bank)s <b>每年</b> %(rate)s %%"}


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "scf_finance.pot"
    _save(path, dict.fromkeys(SENTENCES, ""))
    return path


def _save(path, sentences):
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    for sentence, translation in sentences.items():
        catalogue.append(polib.POEntry(msgid=sentence, msgstr=translation, occurrences=[("code:x.py", "0")]))
    catalogue.save(str(path))


def _in_all_languages(template, sentences):
    for language in LANGUAGES:
        _save(template.with_name(f"{language}.po"), sentences)


def test_complete_translations_have_no_fault(template):
    _in_all_languages(template, TRANSLATED)
    assert list(faults(template)) == []


def test_language_without_a_file_is_a_fault(template):
    assert [fault.rsplit("/", 1)[1] for fault in faults(template)] == [f"{name}.po is missing" for name in LANGUAGES]


def test_term_without_translation_is_a_fault(template):
    _in_all_languages(template, {**TRANSLATED, "Ask the banks": ""})
    assert len([fault for fault in faults(template) if "1 terms are not translated" in fault]) == len(LANGUAGES)


def test_term_that_the_sources_do_not_have_any_more_is_a_fault(template):
    _in_all_languages(template, {**TRANSLATED, "Ask a bank": "x"})
    assert all("1 are gone" in fault for fault in faults(template))
    assert len(list(faults(template))) == len(LANGUAGES)


@pytest.mark.parametrize("broken", ["%(bank)s <b>x</b> %%", "%(banque)s <b>x</b> %(rate)s %%", "%(bank)s %(rate)s %%"])
def test_translation_that_loses_what_is_put_in_is_a_fault(template, broken):
    _in_all_languages(template, {**TRANSLATED, SENTENCES[1]: broken})
    assert len(list(faults(template))) == len(LANGUAGES)


def test_update_keeps_what_is_translated_and_leaves_new_terms_open(template):
    _in_all_languages(template, {"Ask the banks": "问银行", "Ask a bank": "x"})
    update(template)
    for language in LANGUAGES:
        catalogue = polib.pofile(str(template.with_name(f"{language}.po")))
        assert {entry.msgid: entry.msgstr for entry in catalogue} == {"Ask the banks": "问银行", SENTENCES[1]: ""}
        assert catalogue[0].occurrences == [("code:x.py", "0")]
