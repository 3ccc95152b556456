import os
from datetime import timedelta
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import SUPERUSER_ID, Command, fields
from odoo.tests import new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .bank_double import BankDouble
from .shared_house import HOUSE, Known

MASTER_KEY = Fernet.generate_key().decode()


def technique(code, **members):
    """A technique of a bank's profile."""
    return {
        "code": code,
        "currencies": ["EUR", "USD"],
        "min_amount": "500.00",
        "max_amount": "250000.00",
        "min_tenor_days": 10,
        "max_tenor_days": 180,
        "max_advance_rate": "80.00",
        "recourse": "with",
        "repayment": ["bullet", "instalment"],
        "indicative_rate_pa": "7.90",
        "indicative_fee_percent": "0.50",
        "sections": ["party", "transaction", "order_flow", "logistics_flow", "tax_flow", "cash_flow"],
        **members,
    }


class FinanceCase(AccountTestInvoicingCommon):
    """The vocabulary of financing tests: a company, its people, two banks, orders and invoices of one buyer."""

    @classmethod
    def setUpClass(cls):
        borrows = HOUSE.lends_to(cls)
        if borrows:
            HOUSE.lend(cls, founder=FinanceCase)
        else:
            super().setUpClass()
        cls.startClassPatcher(patch.dict(os.environ, {"SCF_MASTER_KEY": MASTER_KEY}))
        if not borrows:
            cls._found()
        cls.today = fields.Date.today()

    @classmethod
    def _found(cls):
        """Make the company's accounts, its buyer, its banks and its people."""
        cls.company = cls.company_data["company"]
        cls.company.write({"vat": "US123456789", "country_id": cls.env.ref("base.us").id})
        cls.company._scf_create_accounts()
        cls.company.scf_collection_bank_account_id = cls._trusted_account("DE89370400440532013000")
        cls.buyer = cls.env["res.partner"].create(
            {
                "name": "Atlas Retail",
                "vat": "BE0477472701",
                "country_id": cls.env.ref("base.be").id,
                "is_company": True,
                "property_payment_term_id": cls.env.ref("account.account_payment_term_30days").id,
            }
        )
        cls.rhone = cls._connected_bank("Banque du Rhône")
        cls.hansa = cls._connected_bank("Hansa Bank")
        cls.people = {
            role: new_test_user(
                cls.env,
                f"fin_{role}",
                groups=groups,
                name=role.capitalize(),
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role, groups in (
                ("accountant", "account.group_account_invoice,sales_team.group_sale_salesman_all_leads"),
                (
                    "requester",
                    "scf_connector.group_scf_requester,account.group_account_invoice,"
                    "sales_team.group_sale_salesman_all_leads",
                ),
                (
                    "approver",
                    "scf_connector.group_scf_approver,account.group_account_invoice,"
                    "sales_team.group_sale_salesman_all_leads",
                ),
                ("admin", "scf_connector.group_scf_admin,account.group_account_manager,base.group_system"),
            )
        }

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.quick_ref("scf_connector.group_scf_admin")
            | cls.quick_ref("sales_team.group_sale_manager")
        )

    def given(self):
        """What every test of the class starts from; walked once, before the first of them.

        Each test finds the records and the banks as they are at its end, by the names that it sets on `self`. It takes
        part in no test's clean-up, so nothing is patched or opened here.
        """

    def setUp(self):
        case = type(self)
        if "_given" not in vars(case):
            before = set(vars(self))
            self.rhone_bank, self.hansa_bank = BankDouble(self.rhone), BankDouble(self.hansa)
            self.given()
            case._given = {name: value for name, value in vars(self).items() if name not in before}
            case._known = Known(self.registry)
        # Around Odoo's own clean-ups, which run the other way round: it forgets everything, and rolls back.
        self.addCleanup(case._known.recall)
        super().setUp()
        self.addCleanup(HOUSE.learn)
        self.addCleanup(case._known.learn)
        for name, value in case._given.items():
            setattr(self, name, self._for_one_test(value))

    @staticmethod
    def _for_one_test(given):
        """What a test may change without the next one seeing it; records are rolled back with the transaction."""
        if isinstance(given, BankDouble):
            return given.with_own_books()
        return given.copy() if isinstance(given, dict | list) else given

    @classmethod
    def _trusted_account(cls, number):
        """A bank account of the company that somebody who may do so has trusted."""
        accounts = cls.env["res.partner.bank"].with_user(SUPERUSER_ID)
        return accounts.create(
            {"acc_number": number, "partner_id": cls.company.partner_id.id, "allow_out_payment": True}
        ).with_env(cls.env)

    @classmethod
    def _connected_bank(cls, name, **members):
        bank = (
            cls.env["scf.bank"]
            .sudo()
            .create(
                {
                    "name": name,
                    "base_url": f"https://{name.split()[0].lower()}.example",
                    "issuer": f"https://{name.split()[0].lower()}.example",
                    "company_id": cls.company.id,
                    "profile": {
                        "name": name,
                        "techniques": [
                            technique("receivables_discounting", **members),
                            technique("pre_shipment", **members),
                            technique("distributor_finance", **members),
                            technique("inventory_loan", **members),
                        ],
                    },
                }
            )
        )
        bank.state = "connected"
        return bank

    # --- given ---

    def _salesperson(self):
        """A requester who may read no orders but his own."""
        return new_test_user(
            self.env,
            "fin_seller",
            groups="scf_connector.group_scf_requester,sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def _invoice(self, amount=10000.0, *, days=45, **values):
        """A posted customer invoice without tax, due in `days`."""
        values.setdefault("invoice_date", self.today)
        return self._create_invoice_one_line(
            product_id=values.pop("product_id", self.product_a),
            price_unit=amount,
            tax_ids=values.pop("tax_ids", self.env["account.tax"]),
            partner_id=values.pop("partner_id", self.buyer),
            invoice_date_due=values["invoice_date"] + timedelta(days=days),
            invoice_payment_term_id=self.env["account.payment.term"],
            post=True,
            **values,
        )

    def _order(self, amount=10000.0, **values):
        """A confirmed sales order of one line without tax."""
        values.setdefault("partner_id", self.buyer)
        return self._create_sale_order_one_line(
            product_id=values.pop("product_id", self.product_a),
            price_unit=amount,
            tax_ids=values.pop("tax_ids", self.env["account.tax"]),
            **values,
        )

    def _as(self, role, record):
        return record.with_user(self.people[role]).with_company(self.company)

    # --- when ---

    def _draft(self, documents, *, banks=None, amount=None, **values):
        """What the request dialog saves."""
        values["line_ids"] = [Command.create({documents._scf_field: document.id}) for document in documents]
        if banks is not None:
            values["bank_ids"] = [Command.set(banks.ids)]
        if amount is not None:
            values["requested_amount"] = amount
        return self._as("requester", self.env["scf.application"]).create(values)

    def _request(self, document, *, banks=None, amount=None, **values):
        """Ask the banks for the document; gives the application with full rights."""
        application = self._draft(document, banks=banks or self.rhone, amount=amount, **values)
        application.action_submit()
        return application.sudo()

    def _offered(self, document, **terms):
        """Ask one bank, which makes an offer."""
        application = self._request(document, amount=terms.pop("requested", None), **terms.pop("request", {}))
        self.rhone_bank.receive(application.submission_ids)
        return self.rhone_bank.offer(application.submission_ids, **terms)

    def _accept(self, offer, role="approver"):
        self._as(role, offer).action_accept()

    def _granted(self, document, **terms):
        offer = self._offered(document, **terms)
        self._accept(offer)
        return self.rhone_bank.grant(offer)

    def _financed(self, document, *, on=None, **terms):
        """A running loan on the document, paid out on `on`."""
        loan = self._granted(document, **terms)
        self.rhone_bank.disburse(loan, on=on)
        return loan

    def _pay(self, invoice, amount=None, **values):
        """Register a customer payment; gives the payment."""
        values.setdefault("payment_date", self.today)
        if amount is not None:
            values["amount"] = amount
        payment_register = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(values)
        )
        return payment_register._create_payments()

    def _report(self, loan):
        """Let the cron's work happen, and the bank take what was reported."""
        collections = self.rhone_bank.env["scf.collection"]
        for collection in collections.search(collections._due_domain(), order="id"):
            collection._report()
        return self.rhone_bank.take_collections(loan)

    # --- then ---

    def _assert_books_closed(self, loan):
        """Loan account and clearing carry nothing more once the bank statement's lines are matched."""
        company = self.company
        self.assertEqual(loan.book_principal, 0)
        items = loan.entry_ids.move_id.line_ids
        self.assertTrue(all(line.reconciled for line in items if line.account_id == company.scf_loan_account_id))
        self.assertAlmostEqual(self._account_balance(company.scf_loan_account_id), 0, 2)
        self.assertFalse(loan.mismatch)

    def _account_balance(self, account):
        self.env.flush_all()
        [(balance,)] = self.env["account.move.line"]._read_group(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")], [], ["balance:sum"]
        )
        return balance or 0.0
