"""What a bank may read: given with the request, kept to in the file, logged when read, and taken back at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openscf.package import read_package
from openscf.pdf import open_pdf
from openscf_bank.testing import OFFICER_NAME, BankProcessError

from tests.parts.town import Town

NAMED = {"counterparties": "named", "history_months": 24}
PSEUDONYMOUS = {"counterparties": "pseudonymous", "history_months": 6}
CLOSED = "The evidence is closed."


def openscf_verify(file: Path, jwks: Path) -> tuple[int, dict]:
    program = Path(sys.executable).with_name("openscf")
    done = subprocess.run(
        [str(program), "verify", str(file), "--jwks", str(jwks), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def asked(town: Town) -> int:
    """An application at both banks, each with a consent of its own; the company sells to another customer too."""
    town.delivered_sale(30, customer="other_customer")
    invoice = town.delivered_sale(64)
    consents = {"rhone": NAMED, "hansa": PSEUDONYMOUS}
    return town.ask_banks(invoice=invoice, consents=consents)


def test_a_program_without_odoo_verifies_each_banks_file(town: Town, asked: int, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(town.registered_keys()))
    reports = {}
    for name in ("rhone", "hansa"):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(town.file_sent(name, asked))
        status, reports[name] = openscf_verify(file, jwks)
        assert status == 0, reports[name]
    assert not reports["rhone"]["findings"]
    assert [finding["level"] for finding in reports["hansa"]["findings"]] == ["warning"], "Hansa asks for no taxes."
    changed = tmp_path / "changed.pdf"
    content = bytearray(town.file_sent("rhone", asked))
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    status, report = openscf_verify(changed, jwks)
    assert status != 0
    assert report["findings"]


def test_two_banks_hold_parts_of_one_whole(town: Town, asked: int) -> None:
    rhone, hansa = (read_package(town.file_sent(name, asked)) for name in ("rhone", "hansa"))
    assert rhone.header == hansa.header
    assert rhone.sections.consent.recipient.issuer == town.banks["rhone"].issuer
    assert hansa.sections.consent.recipient.issuer == town.banks["hansa"].issuer
    assert rhone.sections.inventory is not None
    assert hansa.sections.inventory is None, "Hansa does not ask for the stock."


def test_other_customers_are_named_to_one_bank_only(town: Town, asked: int) -> None:
    rhone, hansa = (town.file_sent(name, asked) for name in ("rhone", "hansa"))
    assert b"Quiet Harbour" in (open_pdf(rhone).package or b"")
    assert b"Quiet Harbour" not in (open_pdf(hansa).package or b"")
    assert b"Greystone Stores" in (open_pdf(hansa).package or b""), "The buyer of what is financed is always named."
    assert "Quiet Harbour" in town.desk_page("rhone", asked)
    assert "Quiet Harbour" not in town.desk_page("hansa", asked)


def test_lights_at_each_desk_are_its_file_s_and_the_panel_shows_the_worst_of_them(town: Town, asked: int) -> None:
    [line] = town.as_("requester").search_read("scf.application.document", [("application_id", "=", asked)], "move_id")
    panel = town.as_("requester").call("account.move", "scf_panel_lights", [line["move_id"][0]])
    assert all(bank.name in panel["origin"] for bank in town.banks.values())
    told: dict[str, list[str]] = {}
    for bank in town.banks:
        sealed = read_package(town.file_sent(bank, asked)).sections.checks
        assert sealed is not None
        page = town.desk_page(bank, asked)
        for row in sealed.lights:
            assert f'<div class="light {row.level}">' in page
            told.setdefault(row.light, []).append(row.level)
    worst_first = ("red", "amber", "green", "grey")
    on_panel = {light["light"]: light["level"] for light in panel["lights"]}
    assert on_panel == {light: min(levels, key=worst_first.index) for light, levels in told.items()}
    assert on_panel["authenticity"] == "green"


def test_each_reading_comes_back_to_the_borrower(town: Town, asked: int) -> None:
    reference = town.submission_at("hansa", asked)["bank_application_ref"]
    desk = town.banks["hansa"].officer
    desk.page(f"applications/{reference}")
    taken = desk.fetch(f"applications/{reference}/package").content
    assert taken == town.file_sent("hansa", asked)
    expected = {("system", "verified"), (OFFICER_NAME, "opened"), (OFFICER_NAME, "downloaded")}

    def told() -> bool:
        at_hansa = [read for read in town.reads(asked) if read["bank_id"][0] == town.bank_ids["hansa"]]
        return expected <= {(read["reader"], read["action"]) for read in at_hansa}

    town.until("Hansa's readings", told)


def test_the_next_request_uses_the_consent_in_force(town: Town, asked: int) -> None:
    again = town.ask_banks(invoice=town.delivered_sale(20), banks=("rhone",))
    [first] = [one for one in town.submissions(asked) if one["bank_id"][0] == town.bank_ids["rhone"]]
    [second] = town.submissions(again)
    assert second["consent_id"] == first["consent_id"]


def test_a_consent_taken_back_closes_the_evidence_and_ends_the_request(town: Town) -> None:
    requester = town.as_("requester")
    own = {"use_standing": False, **PSEUDONYMOUS}
    application = town.ask_banks(invoice=town.delivered_sale(24), banks=("hansa",), consents={"hansa": own})
    reference = town.submission_at("hansa", application)["bank_application_ref"]
    assert CLOSED not in town.desk_page("hansa", application)
    [submission] = town.submissions(application)

    requester.call("scf.consent", "action_revoke", [submission["consent_id"][0]])

    ended = requester.read("scf.application", application, "state", "state_reason")
    assert ended["state"] == "cancelled", ended["state_reason"]
    town.until(
        "Hansa's word that it is taken back",
        lambda: requester.read("scf.consent", submission["consent_id"][0], "bank_told_at")["bank_told_at"],
    )
    page = town.desk_page("hansa", application)
    assert CLOSED in page
    assert "Greystone" not in page
    with pytest.raises(BankProcessError):
        town.banks["hansa"].officer.fetch(f"applications/{reference}/package")


def test_a_consent_taken_back_before_the_bank_was_reached_sends_it_nothing(town: Town) -> None:
    requester, bank = town.as_("requester"), town.banks["hansa"]
    bank.stop()
    try:
        own = {"use_standing": False, **PSEUDONYMOUS}
        application = town.ask_banks(invoice=town.delivered_sale(16), banks=("hansa",), consents={"hansa": own})
        [submission] = town.submissions(application)
        requester.call("scf.consent", "action_revoke", [submission["consent_id"][0]])
    finally:
        bank.start()
    town.send_now()
    town.until(
        "Hansa's word that it is taken back",
        lambda: requester.read("scf.consent", submission["consent_id"][0], "bank_told_at")["bank_told_at"],
    )
    assert town.applications_at_bank("hansa", application) == 0
