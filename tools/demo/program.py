"""A program of the company: four suppliers at four stages, and one approved bill of two that the bank pays early."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from demo import repaying, selling
from demo.company import NEWCOMERS, SUPPLIERS, Firm, article
from demo.erp import Row
from demo.portal import Portal
from demo.stage import Stage, StoryFailed
from demo.telling import money

PROGRAM = "Nordlicht pays early"
TERMS = "<p>We pay each approved bill in full on its due date, to whoever paid it early.</p>"
ANCHOR_LIMIT, MEMBER_LIMIT = 250_000.0, 60_000.0
GRANTED = "40000.00"
"""What the officer gives the first supplier."""
BILLED = {"RE-PROGRAMM-1": ("NL-BO60", 20), "RE-PROGRAMM-2": ("NL-GS60", 25)}
"""The supplier's bills by its number: what, and how many. The first is paid early, the second waits to be."""
DUE_DAYS = 60
DOCUMENTS = {
    "registration_extract": "Extract from the commercial register",
    "signatory_identity": "Identity of the person who signs",
    "bank_account_proof": "Confirmation of the account",
}


@dataclass(frozen=True, kw_only=True)
class Signatory:
    """Who goes through the portal for a supplier."""

    firm: Firm
    name: str
    role: str


FIRST = Signatory(firm=SUPPLIERS[0].firm, name="Greta Faller", role="Managing director")
SECOND = Signatory(firm=SUPPLIERS[1].firm, name="Paolo Bellini", role="Amministratore delegato")


def run_program(stage: Stage, logins: Path) -> None:
    """From the program to the early payment, and what is left for whoever opens the demo.

    :param logins: file that keeps the suppliers' logins to the portal, with their passwords.
    """
    program = _have_running(stage)
    opened, waiting = (_have_member(stage, program, firm) for firm in NEWCOMERS)
    first, second = (_have_joined(stage, program, who, logins) for who in (FIRST, SECOND))
    _have_opened(stage, opened)
    _have_approved(stage, first)
    for number in BILLED:
        _have_bill_approved(stage, number)
    _have_paid_early(stage, first, logins)
    _show_funnel(stage, program, (first, second, opened, waiting))


def _have_running(stage: Stage) -> int:
    """Mia describes the program, Jonas approves it, and so does the bank's officer."""
    found = stage.mia.search("scf.program", [("name", "=", PROGRAM)], "state", limit=1)
    if not found:
        bank = stage.bank_record(stage.banks[-1])
        if bank is None:
            raise StoryFailed("The bank of the program is not connected.")
        values = {
            "name": PROGRAM, "terms": TERMS, "anchor_limit": ANCHOR_LIMIT, "member_limit": MEMBER_LIMIT,
            "bank_ids": [[0, 0, {"bank_id": bank["id"]}]],
        }  # fmt: skip
        created = stage.mia.create("scf.program", values)
        stage.mia.call("scf.program", "action_request_approval", [created])
        found = stage.mia.search("scf.program", [("id", "=", created)], "state")
    program = found[0]
    if program["state"] == "to_approve":
        stage.jonas.call("scf.program", "action_approve", [program["id"]])

    def agreed() -> Row | None:
        [at_bank] = stage.jonas.search(
            "scf.program.bank", [("program_id", "=", program["id"])], "status", "bank_program_ref", "bank_id"
        )
        if at_bank["status"] != "active" and at_bank["bank_program_ref"]:
            page = stage.banks[-1].officer.page(f"programs/{at_bank['bank_program_ref']}")
            if f"/desk/programs/{at_bank['bank_program_ref']}/approve" in page:
                stage.banks[-1].officer.approve_program(at_bank["bank_program_ref"])
        return at_bank if at_bank["status"] == "active" else None

    bank = stage.until("the bank to agree to the program", agreed)["bank_id"][1]
    stage.tell.good(f"{stage.mia.name} asks for “{PROGRAM}”, {stage.jonas.name} approves it, {bank} takes it on")
    return int(program["id"])


def _have_member(stage: Stage, program: int, firm: Firm) -> Row:
    """The company among the program's members."""
    [partner] = stage.mia.search("res.partner", [("name", "=", firm.name)], limit=1) or [{"id": _meet(stage, firm)}]
    domain = [("program_id", "=", program), ("partner_id", "=", partner["id"])]
    if not stage.mia.search("scf.program.member", domain):
        values = {"program_id": program, "partner_id": partner["id"], "email": firm.email}
        stage.mia.create("scf.program.member", values)
    [member] = stage.mia.search("scf.program.member", domain, "state", "partner_id")
    return member


def _meet(stage: Stage, firm: Firm) -> int:
    [country] = stage.admin.search("res.country", [("code", "=", firm.address.country)])
    values = {
        "name": firm.name, "is_company": True, "email": firm.email, "phone": firm.phone, "vat": firm.vat,
        "street": firm.address.street, "zip": firm.address.zip, "city": firm.address.city, "country_id": country["id"],
    }  # fmt: skip
    return stage.admin.create("res.partner", values)


def _invitation(stage: Stage, member: Row) -> str:
    """The path of the link in the e-mail that invites the member; it is invited unless it was before."""
    if member["state"] == "draft":
        stage.mia.call("scf.program.member", "action_invite", [member["id"]])

    def link() -> str | None:
        mails = stage.admin.search(
            "mail.mail", [("model", "=", "scf.program.member"), ("res_id", "=", member["id"])], "body_html"
        )
        found = [re.search(r'href="[^"]*(/scf/join/[^"]+)"', mail["body_html"]) for mail in mails]
        return next((one.group(1) for one in reversed(found) if one), None)

    return stage.until(f"the invitation of {member['partner_id'][1]}", link)


def _have_opened(stage: Stage, member: Row) -> None:
    """Somebody of the company looks at the invitation, and goes no further yet."""
    if member["state"] in ("draft", "invited"):
        link = _invitation(stage, member)
        portal = Portal(stage.url)
        portal.open(link)
        portal.touch()


def _have_joined(stage: Stage, program: int, who: Signatory, logins: Path) -> Row:
    """The supplier accepts, makes an account of the portal, and goes the four steps."""
    member = _have_member(stage, program, who.firm)
    if member["state"] not in ("draft", "invited", "opened", "started"):
        return member
    portal = _sign_in(stage, member, who, logins)
    pages = f"/my/programs/{member['id']}"
    portal.open(f"{pages}/company")
    address = who.firm.address
    portal.send(
        f"{pages}/company",
        {
            "street": address.street, "zip": address.zip, "city": address.city,
            "contact_name": who.name, "contact_email": who.firm.email,
        },
    )  # fmt: skip
    for kind, title in DOCUMENTS.items():
        portal.open(f"{pages}/documents")
        portal.send(f"{pages}/documents", file=(f"{kind}.pdf", _paper(title, who)), kind=kind)
    portal.open(f"{pages}/terms")
    portal.send(f"{pages}/terms", {"name": who.name, "role": who.role, "agree": "1"})
    portal.open(f"{pages}/send")
    portal.send(f"{pages}/send")
    stage.tell.line(f"{who.name} signs for {who.firm.name} in the portal and sends it to the bank")
    return _have_member(stage, program, who.firm)


def _sign_in(stage: Stage, member: Row, who: Signatory, logins: Path) -> Portal:
    """By the link of the invitation the first time, with the password afterwards."""
    portal, known = Portal(stage.url), read_logins(logins)
    if who.firm.email in known and member["state"] == "started":
        return _with_password(portal, who.firm.email, known[who.firm.email]["password"])
    password = known.get(who.firm.email, {}).get("password") or secrets.token_urlsafe(9)
    known[who.firm.email] = {"name": who.name, "company": who.firm.name, "password": password}
    _write_logins(logins, known)
    link = _invitation(stage, member)
    portal.open(link)
    portal.send(f"{link.partition('?')[0]}/accept")
    portal.send("/web/signup", {"name": who.name, "password": password, "confirm_password": password})
    return portal


def _with_password(portal: Portal, login: str, password: str) -> Portal:
    portal.open("/web/login")
    portal.send("/web/login", {"login": login, "password": password})
    return portal


def _paper(title: str, who: Signatory) -> bytes:
    """A page that stands for a document, so that the officer has something to open."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4)
    for line, text in enumerate((title, who.firm.name, who.name, "A sheet for the demonstration, worth nothing.")):
        canvas.drawString(70, 760 - 24 * line, text)
    canvas.save()
    return file.getvalue()


def _have_approved(stage: Stage, member: Row) -> None:
    """The officer looks at the papers and gives a limit."""

    def approved() -> Row | None:
        rows = stage.jonas.search(
            "scf.program.member.bank", [("member_id", "=", member["id"])], "status", "bank_member_ref", "limit_amount"
        )
        if rows and rows[0]["status"] != "approved" and (reference := rows[0]["bank_member_ref"]):
            if f"/desk/members/{reference}/approve" in stage.banks[-1].officer.page(f"members/{reference}"):
                stage.banks[-1].officer.approve_member(reference, limit=GRANTED)
        return rows[0] if rows and rows[0]["status"] == "approved" else None

    limit = stage.until(f"the bank to take {member['partner_id'][1]} in", approved)["limit_amount"]
    stage.tell.good(f"the officer approves {member['partner_id'][1]}, up to {money(limit, 'EUR')}")


def _have_bill_approved(stage: Stage, number: str) -> None:
    """Mia enters and posts the supplier's bill, Jonas approves it for early payment."""
    found = stage.mia.search("account.move", [("ref", "=", number), ("move_type", "=", "in_invoice")], "state", limit=1)
    if not found:
        code, quantity = BILLED[number]
        [partner] = stage.mia.search("res.partner", [("name", "=", FIRST.firm.name)], limit=1)
        due = date.fromisoformat(repaying.today()) + timedelta(days=DUE_DAYS)
        line = {
            "product_id": selling.product_of(stage, code), "quantity": quantity,
            "price_unit": float(article(code).cost),
        }  # fmt: skip
        values = {
            "move_type": "in_invoice", "partner_id": partner["id"], "ref": number, "invoice_date": repaying.today(),
            "invoice_payment_term_id": False, "invoice_date_due": due.isoformat(), "invoice_line_ids": [[0, 0, line]],
        }  # fmt: skip
        found = [{"id": stage.mia.create("account.move", values), "state": "draft"}]
    [bill] = found
    if bill["state"] == "draft":
        stage.mia.call("account.move", "action_post", [bill["id"]])
    if not stage.jonas.search("scf.payable", [("move_id", "=", bill["id"])]):
        stage.jonas.call("account.move", "action_scf_approve_payable", [bill["id"]])
    stage.until(
        f"the bank's price for {number}",
        lambda: stage.jonas.search(
            "scf.payable.bank",
            [
                ("payable_id.move_id", "=", bill["id"]),
                ("status", "in", ("registered", "requested", "confirmed", "paid")),
            ],
        ),
    )


def _payable(stage: Stage, number: str) -> Row:
    [row] = stage.jonas.search("scf.payable", [("move_id.ref", "=", number)], "state", "amount", "move_id")
    return row


def _have_paid_early(stage: Stage, member: Row, logins: Path) -> None:
    """The supplier takes the bank's offer for its first bill; the other stays on the page."""
    number = next(iter(BILLED))
    if _payable(stage, number)["state"] == "approved":
        portal = _with_password(Portal(stage.url), FIRST.firm.email, read_logins(logins)[FIRST.firm.email]["password"])
        portal.open(f"/my/programs/{member['id']}/early")
        row = _payable(stage, number)["id"]
        offer = portal.value_of(f'//input[@id="offer_{row}"]/@value')
        portal.send("/early/review", {"offer": offer})
        portal.send("/early/accept")
    paid = stage.until(
        f"{number} to be paid", lambda: (row := _payable(stage, number))["state"] != "approved" and _is_paid(row)
    )
    stage.tell.good(
        f"bill {number} over {money(paid['amount'], 'EUR')} is paid early by the bank; the company owes it now"
    )
    waiting = [_payable(stage, one) for one in BILLED if one != number]
    stage.expect(
        all(one["state"] == "approved" for one in waiting),
        f"{', '.join(one for one in BILLED if one != number)} can be paid early: it waits in {FIRST.name}'s portal",
    )


def _is_paid(row: Row) -> Row | None:
    return row if row["state"] in ("paid", "overdue", "settled") else None


def _show_funnel(stage: Stage, program: int, members: Sequence[Row]) -> None:
    rows = stage.mia.search("scf.program.member", [("program_id", "=", program)], "partner_id", "state")
    states = {row["id"]: row["state"] for row in rows}
    heads = ("supplier of the program", "stage")
    stage.tell.table(heads, [(one["partner_id"][1], states[one["id"]].replace("_", " ")) for one in members])


def read_logins(path: Path) -> dict[str, dict[str, str]]:
    """The suppliers' logins to the portal: login → name, company and password."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write_logins(path: Path, logins: dict[str, dict[str, str]]) -> None:
    """Only the owner may read the file: it holds passwords."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(logins, file, indent=2)
