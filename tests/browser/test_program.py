"""A program from the invitation to the bill that is paid off, clicked by four people.

They are the anchor's buyer, the anchor's approver, its supplier in front of a phone, and the bank's officer.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.parts.browsing import CUT_OFF, PHONE, OdooUser, Officer, assert_accessible, keep_picture, window
from tests.parts.town import Town

PROGRAM = "Early payment for our suppliers"
SUPPLIER = "Hammerwerk Süd GmbH"
SUPPLIER_EMAIL = "buchhaltung@hammerwerk-sued.example"
SUPPLIER_PASSWORD = "hammer-und-amboss-7"
BILL = "HS-2026-0815"
# The smallest PDF that is one.
SCAN = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
DOCUMENTS = ("registration_extract", "signatory_identity", "bank_account_proof")


class Supplier:
    """The supplier's managing director, with nothing but a phone and an e-mail."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.page = window(browser, size=PHONE)
        self._url = url

    def open(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self._url + path)
        return self.page

    def presses(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def looks(self, picture: str) -> None:
        """The page fits the phone and can be used by everybody."""
        assert self.page.evaluate(CUT_OFF) == [], self.page.url
        assert_accessible(self.page, of=".o_scf_portal")
        keep_picture(self.page, picture)


def link_in_mail(town: Town, path: str) -> str:
    """The newest link to `path` in a mail that waits to be sent."""
    mails = town.as_("admin").search_read("mail.mail", [("body_html", "like", path)], "body_html")
    latest = max(mails, key=lambda mail: mail["id"])
    found = re.search(rf'href="([^"]+{path}[^"]+)"', latest["body_html"])
    assert found, f"No link to {path} in {latest['body_html']}"
    return found.group(1)


def posted_bill(town: Town, quantity: int, *, due_in_days: int) -> int:
    """A bill of the supplier for received goods, entered and posted by the buyer."""
    buyer = town.as_("requester")
    purchase = town.confirmed_purchase(quantity)
    town.receive(purchase)
    town.as_("admin").call("purchase.order", "action_create_invoice", [purchase])
    [bill] = town.as_("admin").read("purchase.order", purchase, "invoice_ids")["invoice_ids"]
    today = dt.datetime.now(dt.timezone.utc).date()
    dates = {
        "invoice_date": today.isoformat(),
        "invoice_payment_term_id": False,
        "invoice_date_due": (today + dt.timedelta(days=due_in_days)).isoformat(),
        "ref": BILL,
    }
    buyer.call("account.move", "write", [bill], dates)
    buyer.call("account.move", "action_post", [bill])
    return int(bill)


@pytest.fixture(scope="module")
def buyer(town: Town, browser: Browser) -> OdooUser:
    supplier = town.refs["supplier"]
    town.as_("admin").call("res.partner", "write", [supplier], {"email": SUPPLIER_EMAIL})
    # The program's rules look at vendors whose bills are in the books.
    purchase = town.confirmed_purchase(20)
    town.receive(purchase)
    town.pay(town.posted_bill(purchase, "HS-2026-0700"), 1_200.0)
    return OdooUser(browser, town.odoo.url, "requester")


def set_up_program(buyer: OdooUser) -> None:
    """The buyer describes the program and has it approved by somebody else."""
    page = buyer.page
    buyer.open("action-scf_program.action_scf_program/new")
    page.locator("[name=name] input, [name=name] textarea").first.fill(PROGRAM)
    page.locator("[name=anchor_limit] input").fill("100000")
    page.locator("[name=member_limit] input").fill("50000")
    page.get_by_role("tab", name="Banks").click()
    page.locator("[name=bank_ids] .o_field_x2many_list_row_add a").click()
    page.locator("[name=bank_ids] [name=bank_id] input").fill("Hansa")
    page.locator(".o-autocomplete--dropdown-item", has_text="Hansa").first.click()
    page.get_by_role("tab", name="Terms").click()
    words = page.locator("[name=terms] .odoo-editor-editable")
    words.click()
    words.press_sequentially("We pay approved bills on their due date, come what may.")
    page.locator("button[name=action_request_approval]").click()
    expect(page.locator(".o_arrow_button_current")).to_have_text("To Approve")
    keep_picture(page, "program")


def invite(buyer: OdooUser, program: str) -> None:
    """The buyer invites the supplier from the list of vendors, after a look at who can be invited."""
    page = buyer.page
    buyer.open(f"action-scf_program.action_scf_program/{program}")
    page.locator("button", has_text="Invite Companies").click()
    dialog = page.locator(".modal")
    dialog.get_by_label("rules", exact=False).first.check()
    dialog.locator("button[name=action_check]").click()
    expect(page.locator("[name=good_ids]")).to_contain_text(SUPPLIER)
    page.locator("button[name=action_start]").click()


@contextmanager
def scripts_late(page: Page) -> Iterator[None]:
    """Load the page again, and keep its scripts back until what is inside is done, as a slow line does."""
    held: list[Route] = []
    is_over = False

    def hold(route: Route) -> None:
        route.continue_() if is_over else held.append(route)

    page.route("**/*.js", hold)
    page.reload(wait_until="commit")
    yield
    page.wait_for_function("() => document.readyState !== 'loading'")
    assert held, "the page has no scripts"
    is_over = True
    for route in held:
        route.continue_()
    page.unroute("**/*.js", hold)


def choose_file(page: Page, kind: str) -> None:
    """Choose a document's file; where scripts run, that sends it."""
    page.locator(f"#kind_{kind} input[type=file]").set_input_files(
        {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": SCAN}
    )


def expect_file(page: Page, kind: str) -> None:
    """Wait until a document's file was taken."""
    expect(page.locator(f"#kind_{kind} .o_scf_files")).to_contain_text(f"{kind}.pdf")


def join(supplier: Supplier, link: str) -> None:
    """The supplier accepts, makes an account, and goes the steps to the end."""
    page = supplier.open(link)
    expect(page.locator("#scf_landing")).to_contain_text("Get your invoices to Copper & Cast Inc. paid early")
    supplier.looks("program-landing-phone")
    supplier.presses("Accept and begin")
    page.locator("input[name=name]").fill("Greta Hammer")
    page.locator("input[name=password]").fill(SUPPLIER_PASSWORD)
    page.locator("input[name=confirm_password]").fill(SUPPLIER_PASSWORD)
    page.locator("form.oe_signup_form button[type=submit]").click()
    expect(page.locator("#scf_program")).to_be_visible()
    page.get_by_role("link", name="Begin").click()
    expect(page.locator("input[name=iban]")).to_have_value(re.compile("2020 ?51$"))
    page.locator("input[name=street]").fill("Am Hammer 3")
    page.locator("input[name=zip]").fill("89073")
    page.locator("input[name=city]").fill("Ulm")
    page.locator("input[name=contact_name]").fill("Greta Hammer")
    page.locator("input[name=contact_email]").fill(SUPPLIER_EMAIL)
    supplier.looks("program-company-phone")
    supplier.presses("Save and go on")
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    with scripts_late(page):
        choose_file(page, DOCUMENTS[0])
    expect_file(page, DOCUMENTS[0])
    for kind in DOCUMENTS[1:]:
        choose_file(page, kind)
        expect_file(page, kind)
    page.get_by_role("link", name="Go on").click()
    expect(page.locator("input[name=name]")).to_have_value("Greta Hammer")
    page.locator("input[name=role]").fill("Managing Director")
    page.locator("#agree").check()
    supplier.looks("program-sign-phone")
    supplier.presses("Sign")
    supplier.presses("Send")
    expect(page.locator("#scf_program[data-state=submitted]")).to_be_visible()


def get_paid_early(supplier: Supplier, member: str) -> None:
    page = supplier.open(f"/my/programs/{member}/early")
    expect(page.locator("#scf_early")).to_contain_text(BILL)
    page.locator(".o_scf_offer").first.check()
    supplier.looks("program-early-phone")
    supplier.presses("Go on")
    expect(page.locator("#scf_review")).to_contain_text("DE02 1203 0000 0000 2020 51")
    supplier.looks("program-review-phone")
    supplier.presses("Yes, pay me early")
    expect(page.locator("#agreed")).to_contain_text(BILL)


def test_supplier_is_invited_joins_and_is_paid_early(town: Town, browser: Browser, buyer: OdooUser) -> None:
    set_up_program(buyer)
    [program] = town.as_("requester").search_read("scf.program", [("name", "=", PROGRAM)], "id")
    path = f"action-scf_program.action_scf_program/{program['id']}"

    approver = OdooUser(browser, town.odoo.url, "approver")
    approver.open(path)
    approver.page.locator("button[name=action_approve]").click()
    approver.says_yes()
    expect(approver.page.locator(".o_arrow_button_current")).to_have_text("Running")

    officer = Officer(browser, town.banks["hansa"].url)
    officer.open("programs")
    officer.reload_until(PROGRAM)
    officer.page.get_by_role("link", name=PROGRAM).click()
    officer.page.get_by_role("button", name="Approve the program").click()
    expect(officer.page.get_by_role("heading", name=re.compile(f"{PROGRAM} Active"))).to_be_visible()
    keep_picture(officer.page, "desk-program")
    town.until("the bank's word on the program", lambda: at_bank(town, "scf.program.bank", "status") == "active")

    invite(buyer, str(program["id"]))
    town.until("the invitation", lambda: member_of(town)["state"] == "invited")
    supplier = Supplier(browser, town.odoo.url)
    join(supplier, link_in_mail(town, "/scf/join/"))
    member = str(member_of(town)["id"])

    officer.open("programs")
    officer.page.get_by_role("link", name=PROGRAM).click()
    officer.reload_until(SUPPLIER)
    officer.page.get_by_role("link", name=SUPPLIER).click()
    officer.page.get_by_label("Limit", exact=False).first.fill("20000")
    keep_picture(officer.page, "desk-member")
    officer.page.get_by_role("button", name="Approve the member").click()
    expect(officer.page.get_by_role("heading", name=re.compile(f"{SUPPLIER} Approved"))).to_be_visible()
    town.until("the member's approval", lambda: member_of(town)["state"] == "approved")

    bill = posted_bill(town, 150, due_in_days=60)
    assert town.payable_to("supplier") == Decimal("9000.00")
    approver.open(f"action-account.action_move_in_invoice_type/{bill}")
    approver.page.locator("button[name=action_scf_approve_payable]").click()
    town.until("the bank's quote", lambda: at_bank(town, "scf.payable.bank", "status") == "registered")
    get_paid_early(supplier, member)

    def payable() -> dict:
        [row] = town.as_("approver").search_read("scf.payable", [("move_id", "=", bill)], "state")
        return row

    town.until("the payout", lambda: payable()["state"] == "paid")
    assert town.payable_to("supplier") == 0, "the supplier is owed nothing any more"
    supplier.open(f"/my/programs/{member}/early")
    expect(supplier.page.locator("#agreed [data-state=paid]")).to_contain_text(BILL)
    supplier.looks("program-paid-phone")

    approver.open(f"action-scf_program.action_scf_payable/{payable()['id']}")
    keep_picture(approver.page, "payable")
    approver.page.locator("button[name=action_settle]").click()
    approver.says_yes()
    town.until("the settlement", lambda: payable()["state"] == "settled")
    assert member_of(town)["state"] == "financed"
    assert buyer.errors == [] and approver.errors == []


def member_of(town: Town) -> dict:
    """The supplier as a member; nothing before it is one."""
    members = town.as_("requester").search_read(
        "scf.program.member", [("partner_id", "=", town.refs["supplier"])], "state"
    )
    return members[0] if members else {"state": None}


def at_bank(town: Town, model: str, field: str) -> str:
    """What the one record of the model, which stands for something at a bank, says in the field."""
    return ", ".join(str(row[field]) for row in town.as_("approver").search_read(model, [], field))
