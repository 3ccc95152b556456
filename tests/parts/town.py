"""A small town: one company's ERP, its people, and two banks, all real processes on this machine.

Given by hand, once per test module: the people, the accounts, a customer and a product, and both banks connected by
their addresses. What a test then does, it does as one of these people, over the same calls as the web client's.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from openscf.wire import Statement as WireStatement
from openscf_bank.applications.models import Application
from openscf_bank.loans.models import Loan
from openscf_bank.loans.statements import statement
from openscf_bank.testing import BankProcess

from tests.parts.odoo_server import OdooServer, Session

T = TypeVar("T")

PATIENCE_SECONDS = 240
PASSWORDS = {
    "requester": "requester-pw-1",
    "approver": "approver-pw-1",
    "admin": "admin",
    "purchaser": "purchaser-pw-1",
    "storekeeper": "storekeeper-pw-1",
    "salesperson": "salesperson-pw-1",
    "accountant": "accountant-pw-1",
}
PEOPLE = {
    "requester": "Mia Summers",
    "approver": "Jonas Weber",
    "purchaser": "Paula Ortiz",
    "storekeeper": "Stefan Brandt",
    "salesperson": "Sandra Kim",
    "accountant": "Adam Novak",
}
# Requester and approver see every trade; the four below them have the rights of one, and may ask banks.
GROUPS = {
    "requester": [
        "sales_team.group_sale_manager",
        "account.group_account_invoice",
        "purchase.group_purchase_user",
        "stock.group_stock_user",
        "scf_connector.group_scf_requester",
    ],
    "approver": [
        "account.group_account_manager",
        "sales_team.group_sale_salesman_all_leads",
        "scf_connector.group_scf_approver",
    ],
    "admin": [
        "scf_connector.group_scf_admin",
        "account.group_account_manager",
        "sales_team.group_sale_manager",
        "purchase.group_purchase_manager",
        "stock.group_stock_manager",
    ],
    "purchaser": ["purchase.group_purchase_user", "scf_connector.group_scf_requester"],
    "storekeeper": ["stock.group_stock_user", "scf_connector.group_scf_requester"],
    "salesperson": ["sales_team.group_sale_salesman", "scf_connector.group_scf_requester"],
    "accountant": ["account.group_account_invoice", "scf_connector.group_scf_requester"],
}


ACCOUNTS = {
    "loan": "scf_loan_account_id",
    "interest": "scf_interest_account_id",
    "fee": "scf_fee_account_id",
    "clearing": "scf_clearing_account_id",
}

# The town's company is an hour old: a bank's rules about its history would refuse it.
WITHOUT_HISTORY = {"rules": {"knock_out": []}}
# Nor do the rules refer anything to an officer: none sits at the desk.
DECIDES_BY_ITSELF = {"rules": {"knock_out": [], "refer": []}}


class Statement(NamedTuple):
    """A loan as the bank's own books have it."""

    status: str
    statement: WireStatement


def until(what: str, probe: Callable[[], T], *, seconds: float = PATIENCE_SECONDS) -> T:
    """Ask `probe` until it gives something true, and give that; fail with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds:.0f} s in vain for: {what}. Last seen: {value!r}")
        time.sleep(0.5)


@contextmanager
def open_town(directory: Path, banks: Mapping[str, BankProcess]) -> Iterator[Town]:
    """Start the banks and a company's Odoo, which keeps its files in `directory`, connect them, and end them all after.

    A bank that stands behind a relay is reached by its issuer's address.
    """
    with ExitStack() as closing:
        for bank in banks.values():
            closing.enter_context(bank)
        odoo = OdooServer(directory)
        closing.callback(odoo.remove)
        odoo.start()
        town = Town(odoo=odoo, banks=banks)
        town.settle()
        town.connect_banks()
        yield town


@dataclass
class Town:
    odoo: OdooServer
    banks: Mapping[str, BankProcess]
    sessions: dict[str, Session] = field(default_factory=dict)
    bank_ids: dict[str, int] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)

    def as_(self, who: str) -> Session:
        """Give the session of `requester`, `approver` or `admin`; it lives through a restart of the server."""
        if who not in self.sessions:
            self.sessions[who] = self.odoo.login(who, PASSWORDS[who])
        return self.sessions[who]

    # -- given ------------------------------------------------------------

    def ref(self, xmlid: str) -> int:
        module, name = xmlid.split(".")
        [row] = self.as_("admin").search_read("ir.model.data", [("module", "=", module), ("name", "=", name)], "res_id")
        return int(row["res_id"])

    def settle(self) -> None:
        """Hire the people, open the accounts, name the collection account."""
        admin = self.as_("admin")
        # A browser's first login by an administrator does the same.
        admin.call("ir.config_parameter", "set_param", "web.base.url", self.odoo.url)
        admin_group_ids = [self.ref(xmlid) for xmlid in GROUPS["admin"]]
        admin.call("res.users", "write", [admin.uid], {"group_ids": [(4, group) for group in admin_group_ids]})
        for who in ("requester", "approver"):
            self.hire(who)
        company = admin.read("res.users", admin.uid, "company_id")["company_id"][0]
        partner = admin.read("res.company", company, "partner_id")["partner_id"][0]
        admin.call(
            "res.partner",
            "write",
            [partner],
            {
                "vat": "US12-3456789",
                "street": "1 Main Street",
                "city": "Springfield",
                "country_id": self.ref("base.us"),
            },
        )
        account = admin.create(
            "res.partner.bank", acc_number="DE89370400440532013000", partner_id=partner, allow_out_payment=True
        )
        settings = admin.create("res.config.settings")
        admin.call("res.config.settings", "action_scf_create_accounts", [settings])
        admin.call(
            "res.company", "write", [company], {"name": "Copper & Cast Inc.", "scf_collection_bank_account_id": account}
        )
        self.refs["company"] = company
        for ref, name, city, vat, email in (
            ("customer", "Greystone Stores Inc.", "Boston", "US98-7654321", "payables@greystone.example"),
            ("other_customer", "Quiet Harbour Hotels Ltd.", "Portland", "US55-1234567", "office@quiet-harbour.example"),
        ):
            self.refs[ref] = admin.create(
                "res.partner",
                name=name,
                is_company=True,
                city=city,
                country_id=self.ref("base.us"),
                vat=vat,
                email=email,
                ref=name.split()[0].upper(),
            )
        # An electronic invoice names a tax for each line, be it of nothing.
        exempt = admin.create("account.tax", name="Exempt", amount=0.0, type_tax_use="sale")
        for ref, name in (("product", "Copper pan"), ("bought_in", "Iron pot")):
            self.refs[ref] = admin.create(
                "product.product",
                name=name,
                list_price=125.0,
                standard_price=60.0,
                type="consu",
                is_storable=True,
                invoice_policy="delivery",
                purchase_method="receive",
                taxes_id=[(6, 0, [exempt])],
                supplier_taxes_id=[(5,)],
            )
        self._meet_supplier()
        self._fill_warehouse()

    def _meet_supplier(self) -> None:
        admin = self.as_("admin")
        self.refs["supplier"] = admin.create(
            "res.partner",
            name="Hammerwerk Süd GmbH",
            is_company=True,
            city="Ulm",
            country_id=self.ref("base.de"),
            vat="DE136695976",
        )
        admin.create(
            "res.partner.bank",
            acc_number="DE02120300000000202051",
            partner_id=self.refs["supplier"],
            allow_out_payment=True,
        )

    def _fill_warehouse(self) -> None:
        admin, company = self.as_("admin"), self.refs["company"]
        [warehouse] = admin.search_read("stock.warehouse", [("company_id", "=", company)], "lot_stock_id")
        quant = admin.create(
            "stock.quant",
            product_id=self.refs["product"],
            location_id=warehouse["lot_stock_id"][0],
            inventory_quantity=5_000,
        )
        admin.call("stock.quant", "action_apply_inventory", [quant])

    def hire(self, *people: str) -> None:
        """Give people who are not there yet a login, with the rights of their trade and no others."""
        admin = self.as_("admin")
        for who in people:
            if who in self.refs:
                continue
            user_id = admin.create(
                "res.users", name=PEOPLE[who], login=who, password=PASSWORDS[who], email=f"{who}@town.example"
            )
            admin.call("res.users", "write", [user_id], {"group_ids": [(4, self.ref(xmlid)) for xmlid in GROUPS[who]]})
            self.refs[who] = user_id

    def lot_in_stock(self, name: str, quantity: int) -> int:
        """Put a lot of enamel kettles, at 45.00, into the warehouse."""
        admin, company = self.as_("admin"), self.refs["company"]
        if "by_lot" not in self.refs:
            settings = admin.create(
                "res.config.settings", group_stock_production_lot=True, group_stock_multi_locations=True
            )
            admin.call("res.config.settings", "execute", [settings])
            self.refs["by_lot"] = admin.create(
                "product.product",
                name="Enamel kettle",
                list_price=90.0,
                standard_price=45.0,
                type="consu",
                is_storable=True,
                tracking="lot",
                invoice_policy="delivery",
                taxes_id=[(5,)],
            )
        lot = admin.create("stock.lot", name=name, product_id=self.refs["by_lot"], company_id=company)
        [warehouse] = admin.search_read("stock.warehouse", [("company_id", "=", company)], "lot_stock_id")
        quant = admin.create(
            "stock.quant",
            product_id=self.refs["by_lot"],
            lot_id=lot,
            location_id=warehouse["lot_stock_id"][0],
            inventory_quantity=quantity,
        )
        admin.call("stock.quant", "action_apply_inventory", [quant])
        return lot

    def connect_banks(self) -> None:
        """Connect each bank by its address alone; its officer lets the company in."""
        admin = self.as_("admin")
        for name, bank in self.banks.items():
            bank_id = admin.create("scf.bank", base_url=bank.issuer)
            admin.call("scf.bank", "action_discover", [bank_id])
            admin.call("scf.bank", "action_register", [bank_id])
            self.bank_ids[name] = bank_id
        for name, bank in self.banks.items():
            client_id = until(
                f"registration at {name}",
                lambda bank_id=self.bank_ids[name]: admin.read("scf.bank", bank_id, "client_id")["client_id"],
            )
            bank.approve_client(client_id)
        for name in self.banks:
            self.check_now(name)
            until(f"{name} connected", lambda name=name: self.bank_state(name) == "connected")

    def bank_state(self, name: str) -> str:
        return str(self.as_("admin").read("scf.bank", self.bank_ids[name], "state")["state"])

    def check_now(self, *names: str) -> None:
        """Wake the ERP's feed reader, as the Check Now button does."""
        ids = [self.bank_ids[name] for name in names or self.banks]
        self.as_("admin").call("scf.bank", "action_check_now", ids)

    def send_now(self) -> None:
        """Wake the outbox and have what waits for its next attempt sent at once, as the Retry button does."""
        admin = self.as_("admin")
        waiting = [row["id"] for row in admin.search_read("scf.message", [("state", "=", "queued")], "id")]
        if waiting:
            admin.call("scf.message", "action_retry", waiting)

    def until(self, what: str, probe: Callable[[], T], *, seconds: float = PATIENCE_SECONDS) -> T:
        """As the function of that name, waking the feed reader while it waits."""

        def ask() -> T:
            self.check_now()
            return probe()

        return until(what, ask, seconds=seconds)

    # -- when ------------------------------------------------------------

    def confirmed_order(
        self, quantity: int, *, customer: str = "customer", product: str = "product", by: str = "requester"
    ) -> int:
        requester = self.as_(by)
        order = requester.create(
            "sale.order",
            partner_id=self.refs[customer],
            order_line=[(0, 0, {"product_id": self.refs[product], "product_uom_qty": quantity})],
        )
        requester.call("sale.order", "action_confirm", [order])
        return order

    def confirmed_purchase(self, quantity: int, *, by: str = "requester") -> int:
        """Order `quantity` iron pots at 60.00 from the supplier."""
        requester = self.as_(by)
        line = {"product_id": self.refs["bought_in"], "product_qty": quantity, "price_unit": 60.0}
        order = requester.create("purchase.order", partner_id=self.refs["supplier"], order_line=[(0, 0, line)])
        requester.call("purchase.order", "button_confirm", [order])
        return order

    def receive(self, purchase: int) -> None:
        """Take in all that the supplier was asked for."""
        for picking in self.as_("requester").read("purchase.order", purchase, "picking_ids")["picking_ids"]:
            self.finish_transfer(picking)

    def posted_bill(self, purchase: int, number: str) -> int:
        """Bill what was received of the purchase, under the supplier's `number`, and give the posted bill."""
        approver = self.as_("approver")
        self.as_("admin").call("purchase.order", "action_create_invoice", [purchase])
        [bill] = self.as_("admin").read("purchase.order", purchase, "invoice_ids")["invoice_ids"]
        today = dt.datetime.now(dt.timezone.utc).date().isoformat()
        approver.call("account.move", "write", [bill], {"invoice_date": today, "ref": number})
        approver.call("account.move", "action_post", [bill])
        return int(bill)

    def traded(self, quantity: int) -> None:
        """Buy iron pots, sell them and have both paid for: what a bank knows the goods and their supplier by."""
        purchase = self.confirmed_purchase(quantity)
        self.receive(purchase)
        self.pay(self.posted_bill(purchase, f"HS-{purchase}"), quantity * 60.0)
        order = self.confirmed_order(quantity, product="bought_in")
        self.pay(self.invoice_of_delivered(order), quantity * 125.0)

    def finish_transfer(self, picking: int) -> None:
        """Move all that a transfer asks for, as the warehouse does."""
        admin = self.as_("admin")
        for move in admin.read("stock.picking", picking, "move_ids")["move_ids"]:
            demand = admin.read("stock.move", move, "product_uom_qty")["product_uom_qty"]
            admin.call("stock.move", "write", [move], {"quantity": demand, "picked": True})
        admin.call("stock.picking", "button_validate", [picking])

    def transfer_of(self, order: int, lot: int) -> int:
        """As the warehouse: pick all of the order's delivery from the lot, pledged or not, and leave it to validate."""
        storekeeper = self.as_("storekeeper")
        [picking] = self.as_("admin").search_read("stock.picking", [("sale_id", "=", order)], "id")
        fields = ("product_uom_qty", "move_line_ids")
        [move] = storekeeper.search_read("stock.move", [("picking_id", "=", picking["id"])], *fields)
        line = {"lot_id": lot, "quantity": move["product_uom_qty"], "picked": True}
        storekeeper.call("stock.move.line", "write", move["move_line_ids"], line)
        return int(picking["id"])

    def proposed_goods(self, quantity: int) -> int:
        """As the requester: propose copper pans as security, by the dialog of the stock screens; the draft request."""
        requester = self.as_("requester")
        domain = [("product_id", "=", self.refs["product"]), ("location_id.usage", "=", "internal")]
        quants = [row["id"] for row in requester.search_read("stock.quant", domain, "id")]
        dialog = requester.call("stock.quant", "action_scf_borrow", quants)["res_id"]
        [line] = requester.search_read("scf.borrow.line", [("borrow_id", "=", dialog)], "id")
        requester.call("scf.borrow.line", "write", [line["id"]], {"quantity": quantity})
        return int(requester.call("scf.borrow", "action_borrow", [dialog])["res_id"])

    def posted_invoice(self, quantity: int, *, due_in_days: int = 40, currency: str = "") -> int:
        """Sell `quantity` pans at 125.00 and post the invoice, in the company's currency or another."""
        if currency:
            self.as_("admin").call("res.currency", "write", [self.ref(f"base.{currency}")], {"active": True})
        today = dt.datetime.now(dt.timezone.utc).date()
        approver = self.as_("approver")
        invoice = approver.create(
            "account.move",
            move_type="out_invoice",
            partner_id=self.refs["customer"],
            invoice_date=today.isoformat(),
            invoice_date_due=(today + dt.timedelta(days=due_in_days)).isoformat(),
            invoice_payment_term_id=False,
            invoice_line_ids=[(0, 0, {"product_id": self.refs["product"], "quantity": quantity})],
            **({"currency_id": self.ref(f"base.{currency}")} if currency else {}),
        )
        approver.call("account.move", "action_post", [invoice])
        return invoice

    def delivered_sale(self, quantity: int, *, customer: str = "customer", due_in_days: int = 40) -> int:
        """Sell `quantity` pans on an order, deliver them, and give the posted invoice."""
        order = self.confirmed_order(quantity, customer=customer)
        return self.invoice_of_delivered(order, due_in_days=due_in_days)

    def ask_banks(
        self,
        *,
        invoice: int | None = None,
        order: int | None = None,
        purchase: int | None = None,
        invoices: tuple[int, ...] = (),
        banks: tuple[str, ...] = (),
        consents: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> int:
        """As the requester: ask the banks for all that is eligible, and give the application.

        `consents` says by bank what differs from the consent that is proposed.
        """
        requester = self.as_("requester")
        if order:
            lines = [{"sale_order_id": order}]
        elif purchase:
            lines = [{"purchase_order_id": purchase}]
        else:
            lines = [{"move_id": one} for one in (invoice, *invoices) if one]
        values: dict[str, Any] = {"line_ids": [(0, 0, line) for line in lines]}
        if banks:
            values["bank_ids"] = [(6, 0, [self.bank_ids[name] for name in banks])]
        application = requester.create("scf.application", **values)
        for name, choice in (consents or {}).items():
            domain = [("application_id", "=", application), ("bank_id", "=", self.bank_ids[name])]
            [proposal] = requester.search_read("scf.consent.proposal", domain, "id")
            requester.call("scf.consent.proposal", "write", [proposal["id"]], dict(choice))
        requester.call("scf.application", "action_submit", [application])
        return application

    def offers(self, application: int) -> list[dict[str, Any]]:
        return self.as_("approver").search_read(
            "scf.offer",
            [("application_id", "=", application)],
            "bank_id",
            "state",
            "total_cost",
            "in_hand",
            "bank_offer_ref",
        )

    def confirmation_link(self, invoice: int) -> str:
        """Ask the buyer of the invoice to confirm it, and give the link in the mail that waits to be sent."""
        self.as_("requester").call("account.move", "action_scf_ask_confirmation", [invoice])
        mails = self.as_("admin").search_read("mail.mail", [("body_html", "like", "/scf/confirm/")], "body_html")
        latest = max(mails, key=lambda mail: mail["id"])
        found = re.search(r'href="([^"]+/scf/confirm/[^"]+)"', latest["body_html"])
        assert found, f"The mail to the buyer carries no link: {latest['body_html']}"
        return found.group(1)

    def accept_best(self, application: int, *, of: int = 1) -> int:
        """Wait for `of` open offers, accept the cheapest as the approver, and give it."""

        def enough() -> list[dict[str, Any]] | None:
            offers = [offer for offer in self.offers(application) if offer["state"] == "open"]
            return offers if len(offers) >= of else None

        best = min(self.until(f"{of} offers", enough), key=lambda offer: offer["total_cost"])
        self.as_("approver").call("scf.offer", "action_accept", [best["id"]])
        return int(best["id"])

    def pay(self, invoice: int, amount: float, *, on: str = "") -> None:
        """The customer pays, today or `on` a day (ISO): registered by the accountant through the payment wizard."""
        approver = self.as_("approver")
        wizard = approver.call(
            "account.payment.register",
            "create",
            [{"amount": amount, **({"payment_date": on} if on else {})}],
            context={"active_model": "account.move", "active_ids": [invoice]},
        )
        approver.call("account.payment.register", "action_create_payments", wizard)

    def collected_for_months(self, months: int, monthly: float) -> None:
        """What a line is measured by: an invoice of each of the last full months, paid in that month."""
        approver, today = self.as_("approver"), dt.datetime.now(dt.timezone.utc).date()
        for back in range(1, months + 1):
            day = (today.replace(day=1) - dt.timedelta(days=30 * back - 15)).isoformat()
            line = {"product_id": self.refs["product"], "quantity": 1, "price_unit": monthly, "tax_ids": [(5,)]}
            invoice = approver.create(
                "account.move",
                move_type="out_invoice",
                partner_id=self.refs["other_customer"],
                invoice_date=day,
                invoice_date_due=day,
                invoice_payment_term_id=False,
                invoice_line_ids=[(0, 0, line)],
            )
            approver.call("account.move", "action_post", [invoice])
            self.pay(invoice, monthly, on=day)

    def invoice_of_delivered(self, order: int, *, due_in_days: int | None = None) -> int:
        """Deliver all of the order, invoice it and post the invoice; due at once unless `due_in_days` says when."""
        approver, admin = self.as_("approver"), self.as_("admin")
        for picking in admin.search_read("stock.picking", [("sale_id", "=", order)], "id"):
            self.finish_transfer(picking["id"])
        wizard = approver.call(
            "sale.advance.payment.inv",
            "create",
            [{"advance_payment_method": "delivered", "sale_order_ids": [(6, 0, [order])]}],
        )
        approver.call("sale.advance.payment.inv", "create_invoices", wizard)
        [invoice] = approver.read("sale.order", order, "invoice_ids")["invoice_ids"]
        if due_in_days is not None:
            today = dt.datetime.now(dt.timezone.utc).date()
            due = {
                "invoice_date": today.isoformat(),
                "invoice_payment_term_id": False,
                "invoice_date_due": (today + dt.timedelta(days=due_in_days)).isoformat(),
            }
            approver.call("account.move", "write", [invoice], due)
        approver.call("account.move", "action_post", [invoice])
        return int(invoice)

    def repay(self, loan_id: int, amount: float) -> None:
        """Repay from the company's own money, as the approver."""
        approver = self.as_("approver")
        dialog = approver.create("scf.repayment", loan_id=loan_id, amount=amount, reason="early")
        approver.call("scf.repayment", "action_repay", [dialog])

    # -- then ------------------------------------------------------------

    def payable_to(self, partner: str) -> Decimal:
        """What the books owe to a partner, all posted items on payable accounts; below zero what it owes us."""
        items = self.as_("approver").search_read(
            "account.move.line",
            [
                ("partner_id", "=", self.refs[partner]),
                ("account_id.account_type", "=", "liability_payable"),
                ("parent_state", "=", "posted"),
            ],
            "balance",
        )
        return -sum((Decimal(f"{item['balance']:.2f}") for item in items), Decimal(0))

    def on_hand(self, product: str) -> float:
        return float(self.as_("admin").read("product.product", self.refs[product], "qty_available")["qty_available"])

    def pledge_on(self, lot: int) -> dict[str, Any]:
        """The one pledge that was ever given on the lot."""
        fields = ("application_id", "state", "held_quantity")
        [pledge] = self.as_("requester").search_read("scf.pledge", [("lot_id", "=", lot)], *fields)
        return pledge

    def release_state(self, lot: int) -> str:
        """What has become of the one release that was asked for of the lot."""
        domain = [("pledge_id.lot_id", "=", lot)]
        [release] = self.as_("requester").search_read("scf.pledge.release", domain, "state")
        return str(release["state"])

    def bank_of(self, loan: dict[str, Any]) -> str:
        """The town's name for the bank of a loan."""
        [name] = [name for name, bank_id in self.bank_ids.items() if bank_id == loan["bank_id"][0]]
        return name

    def loan_of(self, application: int) -> dict[str, Any] | None:
        loans = self.as_("approver").search_read(
            "scf.loan",
            [("application_id", "=", application)],
            "state",
            "bank_id",
            "bank_loan_ref",
            "principal",
            "balance_total",
            "balance_principal",
            "mismatch",
        )
        assert len(loans) <= 1, f"one application, one loan, but {loans}"
        return loans[0] if loans else None

    def loan_in_state(self, application: int, state: str) -> dict[str, Any]:
        return self.until(
            f"the loan of application {application} {state}",
            lambda: (loan := self.loan_of(application)) and loan["state"] == state and loan,
        )

    def submissions(self, application: int) -> list[dict[str, Any]]:
        return self.as_("requester").search_read(
            "scf.submission",
            [("application_id", "=", application)],
            "bank_id",
            "reference",
            "state",
            "state_message",
            "delayed",
            "bank_application_ref",
            "consent_id",
        )

    def submission_at(self, name: str, application: int) -> dict[str, Any]:
        """The application at one bank, once the bank has given it a number of its own."""
        return self.until(
            f"{name} to take the application {application}",
            lambda: next(
                (
                    one
                    for one in self.submissions(application)
                    if one["bank_id"][0] == self.bank_ids[name] and one["bank_application_ref"]
                ),
                None,
            ),
        )

    def file_sent(self, name: str, application: int) -> bytes:
        """What the requester downloads as the file that went to a bank."""
        requester = self.as_("requester")
        domain = [("application_id", "=", application), ("bank_id", "=", self.bank_ids[name])]
        [disclosure] = requester.search_read("scf.disclosure", domain, "id")
        click = requester.call("scf.disclosure", "action_download", [disclosure["id"]])
        return requester.download(click["url"])

    def reads(self, application: int) -> list[dict[str, Any]]:
        """The access log as the requester sees it: who at which bank did what with the package."""
        return self.as_("requester").search_read(
            "scf.package.read", [("application_id", "=", application)], "bank_id", "reader", "action", "part"
        )

    def registered_keys(self) -> dict[str, Any]:
        """The company's public keys, as its banks know them: a JWKS."""
        return {"keys": [row["public_jwk"] for row in self.as_("admin").search_read("scf.key", [], "public_jwk")]}

    def desk_page(self, name: str, application: int) -> str:
        """What the bank's officer reads on the application; the bank writes the reading down."""
        reference = self.submission_at(name, application)["bank_application_ref"]
        return self.banks[name].officer.page(f"applications/{reference}")

    def repayments(self, loan_id: int) -> list[dict[str, Any]]:
        return self.as_("approver").search_read(
            "scf.loan.entry", [("loan_id", "=", loan_id), ("type", "=", "repayment")], "amount", "principal", "interest"
        )

    def loans_at_bank(self, name: str, application: int) -> list[Statement]:
        """What the bank's own books say of the application: a statement per loan."""
        references = [one["reference"] for one in self.submissions(application)]
        today = dt.datetime.now(dt.timezone.utc).date()
        with self.banks[name].gateway.db.read() as session:
            loans = session.scalars(
                sa.select(Loan)
                .join(Application, Application.id == Loan.application_id)
                .where(Application.reference.in_(references))
            ).all()
            return [Statement(loan.status, statement(session, loan, None, None, today)) for loan in loans]

    def applications_at_bank(self, name: str, application: int) -> int:
        references = [one["reference"] for one in self.submissions(application)]
        with self.banks[name].gateway.db.read() as session:
            return len(session.scalars(sa.select(Application.id).where(Application.reference.in_(references))).all())

    def books(self, loan_id: int) -> dict[str, Decimal]:
        """Sum the journal items of the loan's entries per kind of account, in the loan's currency."""
        approver = self.as_("approver")
        accounts = approver.read("res.company", self.refs["company"], *ACCOUNTS.values())
        kind_of = {accounts[name][0]: kind for kind, name in ACCOUNTS.items()}
        entries = approver.search_read("scf.loan.entry", [("loan_id", "=", loan_id)], "move_id")
        moves = [entry["move_id"][0] for entry in entries if entry["move_id"]]
        sums = dict.fromkeys([*ACCOUNTS, "supplier"], Decimal(0))
        for line in approver.search_read(
            "account.move.line",
            [("move_id", "in", moves), ("parent_state", "=", "posted")],
            "account_id",
            "amount_currency",
        ):
            # What is none of the financing's own accounts is the payable of the supplier who was paid.
            sums[kind_of.get(line["account_id"][0], "supplier")] += Decimal(f"{line['amount_currency']:.2f}")
        return sums

    def assert_one_truth(self, application: int) -> None:
        """The ERP's ledger, its journal and the bank's statement tell the same."""
        loan = self.loan_of(application)
        assert loan is not None
        assert not loan["mismatch"], loan["mismatch"]
        [at_bank] = self.loans_at_bank(self.bank_of(loan), application)
        ledger = self.as_("approver").search_read(
            "scf.loan.entry", [("loan_id", "=", loan["id"])], "bank_entry_ref", "type", "amount", order="id"
        )
        assert [(row["bank_entry_ref"], row["type"], f"{row['amount']:.2f}") for row in ledger] == [
            (entry.id, entry.type, f"{entry.amount:.2f}") for entry in at_bank.statement.entries
        ]
        principal = at_bank.statement.closing.principal
        books = self.books(loan["id"])
        assert books["loan"] == -principal, f"books {books}, bank {principal}"
        assert Decimal(f"{loan['balance_principal']:.2f}") == principal
        assert sum(books.values()) == 0
