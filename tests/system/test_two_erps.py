"""A supplier with its own Odoo joins its customer's program by the invitation file, and is paid early.

Two Odoo servers, each with its own database, and a bank between them. The supplier's is killed and started again while
the membership is on its way; the bank is when it has taken the request for early payment, and when it has told its core
system to pay. Nobody carries anything from one to the other but the file.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal

import pytest
import sqlalchemy as sa
from openscf_bank.events.models import Event
from openscf_bank.kit.core_banking import PaymentOrder
from openscf_bank.testing import BankProcess

from tests.parts.cut_wire import CutWire
from tests.parts.odoo_server import OdooServer, RpcError, free_port
from tests.parts.town import Town, open_town, until

SUPPLIER, SUPPLIER_TAX_ID = "Hammerwerk Süd GmbH", "DE136695976"
ANCHOR, ANCHOR_TAX_ID = "Copper & Cast Inc.", "US12-3456789"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
AMOUNT = 4_000.0
# The core system takes an hour for a payment: time enough to kill the bank on the way.
SLOW_PAYMENTS = {"base": "rhone", "disbursement": {"delay_seconds": 3600}}


@dataclass
class TwoErps:
    """The anchor's town, the supplier's town, the bank that both know, and the wire on which they reach it."""

    anchor: Town
    supplier: Town
    bank: BankProcess
    wire: CutWire

    def now(self) -> None:
        """Wake the feed readers of both, as the Check Now buttons do."""
        for town in (self.anchor, self.supplier):
            if town.bank_ids:
                town.check_now()

    def until(self, what: str, probe):
        def ask():
            self.now()
            return probe()

        return until(what, ask)


@pytest.fixture(scope="module")
def erps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoErps]:
    wire_port, bank_port = free_port(), free_port()
    with ExitStack() as ending:
        wire = ending.enter_context(closing(CutWire(wire_port, bank_port)))
        bank = BankProcess(profile=SLOW_PAYMENTS, port=bank_port, issuer=wire.url)
        anchor = ending.enter_context(open_town(tmp_path_factory.mktemp("anchor"), {"rhone": bank}))
        odoo = OdooServer(tmp_path_factory.mktemp("supplier"))
        ending.callback(odoo.remove)
        odoo.start()
        supplier = Town(odoo=odoo, banks={"rhone": bank})
        supplier.settle()
        _become_the_supplier(supplier)
        yield TwoErps(anchor, supplier, bank, wire)


def _become_the_supplier(town: Town) -> None:
    """The company of this town is the one that the other town buys from, and its customer is the other town."""
    admin, company = town.as_("admin"), town.refs["company"]
    partner = admin.read("res.company", company, "partner_id")["partner_id"][0]
    admin.call("res.company", "write", [company], {"name": SUPPLIER})
    admin.call("res.partner", "write", [partner], {"vat": SUPPLIER_TAX_ID, "country_id": town.ref("base.de")})
    admin.call("res.users", "write", [admin.uid], {"email": "admin@hammerwerk.example", "name": "Hanna Hammer"})
    town.refs["customer"] = admin.create(
        "res.partner", name=ANCHOR, is_company=True, vat=ANCHOR_TAX_ID, country_id=town.ref("base.us")
    )


def _running_program(erps: TwoErps) -> int:
    """The anchor's requester asks for a program, its approver agrees, and so does the bank."""
    requester = erps.anchor.as_("requester")
    program = requester.create(
        "scf.program",
        name="Early pay",
        anchor_limit=500_000.0,
        member_limit=50_000.0,
        terms="<p>We pay what we approved on its due date.</p>",
        bank_ids=[(0, 0, {"bank_id": erps.anchor.bank_ids["rhone"]})],
    )
    requester.call("scf.program", "action_request_approval", [program])
    erps.anchor.as_("approver").call("scf.program", "action_approve", [program])

    def is_active() -> bool:
        [at_bank] = requester.search_read("scf.program.bank", [("program_id", "=", program)], "status")
        return at_bank["status"] == "active"

    erps.until("the program at the bank", is_active)
    return program


def _invitation(erps: TwoErps, program: int) -> tuple[int, bytes]:
    """The supplier among the members, and the file that its invitation brings."""
    requester = erps.anchor.as_("requester")
    member = requester.create(
        "scf.program.member",
        program_id=program,
        partner_id=erps.anchor.refs["supplier"],
        email="office@hammerwerk.example",
    )
    return member, requester.download(f"/scf/program-member/{member}/invitation-file")


def _open_file(town: Town, content: bytes) -> int:
    admin = town.as_("admin")
    wizard = admin.create("scf.invitation.open", content=base64.b64encode(content).decode())
    return int(admin.call("scf.invitation.open", "action_open", [wizard])["res_id"])


def _join(erps: TwoErps, content: bytes) -> int:
    """One person of the supplier opens the file, fills in what is asked, and signs; the server then dies."""
    town = erps.supplier
    admin = town.as_("admin")
    membership = _open_file(town, content)
    asked = admin.read("scf.membership", membership, "documents_asked", "state", "bank_id")
    assert asked["state"] == "draft"
    town.bank_ids["rhone"] = asked["bank_id"][0]
    for kind in asked["documents_asked"]:
        admin.create(
            "scf.membership.document",
            membership_id=membership,
            kind_id=town.ref(f"scf_program.kyb_{kind}"),
            name=f"{kind}.pdf",
            content=base64.b64encode(PDF).decode(),
        )
    told = {"contact_name": "Hanna Hammer", "contact_email": "hanna@hammerwerk.example", "signatory_role": "CEO"}
    admin.call("scf.membership", "write", [membership], told)
    seen = admin.read("scf.membership", membership, "account_in_words")["account_in_words"]
    admin.call("scf.membership", "action_join", [membership], context={"scf_seen_account": seen})
    return membership


def _is_member(erps: TwoErps, membership: int, member: int) -> bool:
    """Whether both sides know that the bank took the supplier in."""
    ours = erps.supplier.as_("admin").read("scf.membership", membership, "state")
    [theirs] = erps.anchor.as_("admin").search_read(
        "scf.program.member.bank", [("member_id", "=", member)], "status"
    ) or [{"status": ""}]
    return (ours["state"], theirs["status"]) == ("approved", "approved")


def _sold(erps: TwoErps) -> tuple[int, int]:
    """The supplier's invoice, and the anchor's bill of it, which the anchor's approver approves."""
    invoice = erps.supplier.posted_invoice(32, due_in_days=45)
    said = erps.supplier.as_("admin").read(
        "account.move", invoice, "name", "invoice_date", "invoice_date_due", "amount_total"
    )
    assert said["amount_total"] == AMOUNT
    buyer = erps.anchor.as_("admin")
    bill = buyer.create(
        "account.move",
        move_type="in_invoice",
        partner_id=erps.anchor.refs["supplier"],
        ref=said["name"],
        invoice_date=said["invoice_date"],
        invoice_date_due=said["invoice_date_due"],
        invoice_payment_term_id=False,
        invoice_line_ids=[
            (0, 0, {"product_id": erps.anchor.refs["product"], "quantity": 32, "price_unit": 125.0, "tax_ids": [(5,)]})
        ],
    )
    buyer.call("account.move", "action_post", [bill])
    erps.anchor.as_("approver").call("account.move", "action_scf_approve_payable", [bill])
    return invoice, bill


def _approvals(erps: TwoErps, membership: int) -> list[dict]:
    """What the supplier's requester sees of the invoices that the anchor approved."""
    fields = ("state", "mismatch", "move_id", "is_confirmation")
    approvals = erps.supplier.as_("requester")
    return approvals.search_read("scf.approved.invoice", [("membership_id", "=", membership)], *fields)


def _ask_of_a_bank_that_dies(erps: TwoErps, invoice: int, approved: int, pay_on: dt.date) -> None:
    """Two people of the supplier ask for early payment; the bank takes it, and is killed before anybody hears so."""
    requester, approver = erps.supplier.as_("requester"), erps.supplier.as_("approver")

    def bank_has_it(method: str, path: str, status: int, _answer: bytes) -> bool:
        if method == "POST" and path.endswith("/early-payment") and status == 202:
            erps.bank.kill()
            return False
        return True

    erps.wire.witness = bank_has_it
    ask = requester.create("scf.early.payment.ask", approved_id=approved, pay_on=pay_on.isoformat())
    requester.call("scf.early.payment.ask", "action_ask", [ask])
    approver.call("account.move", "action_scf_approve_early_payment", [invoice])
    until("the bank killed", lambda: not erps.bank.running)
    erps.wire.witness = lambda *_: True
    erps.bank.start()
    erps.supplier.send_now()


def _money_moved(erps: TwoErps) -> list[Decimal]:
    """What the bank's core system was told to pay, whether it has by now or not."""
    with erps.bank.gateway.db.read() as session:
        return list(session.scalars(sa.select(PaymentOrder.amount)))


def _told(erps: TwoErps, kind: str) -> int:
    """To how many clients, and how often, the bank has told something."""
    with erps.bank.gateway.db.read() as session:
        return len(session.scalars(sa.select(Event.id).where(Event.type == kind)).all())


def _moment(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=dt.timezone.utc)


def test_supplier_joins_by_the_file_and_its_approved_invoice_is_paid_early(erps: TwoErps) -> None:
    member, content = _invitation(erps, _running_program(erps))
    with pytest.raises(RpcError, match="changed"):
        _open_file(erps.supplier, content.replace(b"Early pay", b"Early gain"))
    membership = _join(erps, content)

    erps.supplier.odoo.kill()
    erps.supplier.odoo.start()
    admin = erps.supplier.as_("admin")
    client_id = until(
        "the supplier's registration",
        lambda: admin.read("scf.bank", erps.supplier.bank_ids["rhone"], "client_id")["client_id"],
    )
    erps.bank.approve_client(client_id)
    erps.until("the membership on both sides", lambda: _is_member(erps, membership, member))

    invoice, bill = _sold(erps)
    requester, approver = erps.supplier.as_("requester"), erps.supplier.as_("approver")
    [approved] = erps.until("the approval", lambda: _approvals(erps, membership))
    assert not approved["mismatch"], approved["mismatch"]
    assert approved["move_id"][0] == invoice
    assert approved["is_confirmation"], "the anchor's approval confirms the supplier's invoice"
    assert "approved this invoice" in requester.call("account.move", "scf_panel", [invoice])["headline"]

    # Not the next day, which may begin while this runs.
    payout_day = dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=2)
    _ask_of_a_bank_that_dies(erps, invoice, approved["id"], payout_day)

    def state() -> str:
        return str(requester.read("scf.approved.invoice", approved["id"], "state")["state"])

    erps.until("the anchor's word", lambda: state() == "confirmed")
    erps.bank.set_clock(_moment(payout_day, 8))
    try:
        until("the payment on its way", lambda: _money_moved(erps))
        erps.bank.kill()
        assert (_told(erps, "payable.paid"), state()) == (0, "confirmed")
        erps.bank.set_clock(_moment(payout_day, 10))
        erps.bank.start()
        erps.until("the money", lambda: state() == "paid")
    finally:
        erps.bank.set_clock(None)
    paid = approver.read("scf.approved.invoice", approved["id"], "payout", "discount", "payment_entry_id")
    assert Decimal(f"{paid['payout']:.2f}") + Decimal(f"{paid['discount']:.2f}") == Decimal(f"{AMOUNT:.2f}")
    assert approver.read("account.move", invoice, "payment_state", "amount_residual")["amount_residual"] == 0
    assert paid["payment_entry_id"]
    assert _money_moved(erps) == [Decimal(f"{paid['payout']:.2f}")], "paid once"
    assert (_told(erps, "payable.requested"), _told(erps, "payable.paid")) == (2, 2), "each of the two once"

    def payable() -> str:
        [row] = erps.anchor.as_("approver").search_read("scf.payable", [("move_id", "=", bill)], "state")
        return str(row["state"])

    erps.until("the anchor's books", lambda: payable() == "paid")
