import hashlib
import uuid
from datetime import timedelta, timezone

from openscf.consent import ConsentTerms, sign_consent
from openscf.keys import KeySet, SigningKey
from openscf.package import read_package, seal_package
from openscf.verify import verify_package

from odoo import fields

from ..amounts import exact
from ..evidence.sections import read_evidence
from .common import FinanceCase

BANK = "https://hansa.example"
KEY = SigningKey.generate()


def seal(sections, company, created_at):
    """The package file of these sections for one bank that may read all of them."""
    terms = ConsentTerms(
        iss=company.name,
        iss_tax_id=company.vat,
        jti=f"urn:uuid:{uuid.uuid4()}",
        aud=BANK,
        aud_name="Hansa Bank",
        purpose="loan_application",
        sections=("consent", *sections),
        counterparties="named",
        history_months=12,
        granted_by="Requester",
        iat=int(created_at.timestamp()) - 60,
        exp=int((created_at + timedelta(days=30)).timestamp()),
        notice_sha256=hashlib.sha256(b"notice").hexdigest(),
    )
    frame = {"as_of": sections["party"]["as_of"], "period": None, "source": "odoo/19.0 scf.consent"}
    consent = {**frame, "assurance": "document", **terms.section_members(sign_consent(terms, key=KEY))}
    sealed = seal_package(
        {BANK: {**sections, "consent": consent}},
        key=KEY,
        issuer_name=company.name,
        issuer_tax_id=company.vat,
        created_at=created_at,
    )
    return sealed.file_for(BANK)


class EvidenceCase(FinanceCase):
    """Reads the evidence of documents, and checks it as the bank does that receives it."""

    def _evidence(self, documents, *, history_months=12):
        total = sum(exact(self._total(document), document.currency_id.name) for document in documents)
        currency = documents[0].currency_id.name
        return read_evidence(
            documents,
            company=self.company,
            technique=documents[0]._scf_technique,
            requested=exact(1, currency),
            eligible=total,
            tenor_days=60,
            as_of=fields.Datetime.now(),
            today=self.today,
            history_months=history_months,
        )

    def _total(self, document):
        """What the document is about, in its currency."""
        return document.amount_total

    def _sections(self, documents, **values):
        """The sections of a sealed package on `documents`, as they stand in a file that verifies."""
        sections = self._evidence(documents, **values).sections
        file = seal(sections, self.company, fields.Datetime.now().replace(tzinfo=timezone.utc))
        report = verify_package(file, keys=KeySet.of(KEY))
        self.assertEqual([finding for finding in report.findings if finding.level == "error"], [])
        return read_package(file).sections

    def _assert_totals(self, sections, documents):
        """The package's totals are the ERP's, to the cent; gives the stated documents."""
        stated = sections.transaction.documents
        self.assertEqual([row.number for row in stated], documents.mapped("name"))
        for row, document in zip(stated, documents, strict=True):
            self.assertEqual(float(row.totals.net), document.amount_untaxed)
            self.assertEqual(float(row.totals.tax), document.amount_tax)
            self.assertEqual(float(row.totals.gross), document.amount_total)
            if document._name == "account.move":
                self.assertEqual(float(row.totals.outstanding), document.amount_residual)
        return stated

    def _assert_codes(self, sections, *codes):
        self.assertEqual([row.code for row in sections.evidence.contradictions], list(codes))

    # --- given ---

    def _invoice_of(self, *lines, **values):
        """A posted invoice of several lines: (price, quantity, discount, taxes)."""
        return self._create_invoice(
            partner_id=self.buyer,
            invoice_date=self.today,
            post=True,
            invoice_payment_term_id=self.env["account.payment.term"],
            invoice_date_due=self.today + timedelta(days=45),
            invoice_line_ids=[
                self._prepare_invoice_line(
                    product_id=self.product_a, price_unit=price, quantity=quantity, discount=discount, tax_ids=taxes
                )
                for price, quantity, discount, taxes in lines
            ],
            **values,
        )

    def _order_of(self, *lines, **values):
        """A confirmed order of goods without tax: (product, price, quantity)."""
        return self._create_sale_order(
            partner_id=self.buyer,
            order_line=[
                self._prepare_order_line(
                    product_id=product, price_unit=price, product_uom_qty=quantity, tax_ids=self.env["account.tax"]
                )
                for product, price, quantity in lines
            ],
            **values,
        )

    def _credit(self, invoice, amount):
        """Post a credit note of `amount` without tax that names no invoice, and match it with this one."""
        note = self._create_invoice_one_line(
            move_type="out_refund",
            product_id=self.product_a,
            price_unit=amount,
            partner_id=self.buyer,
            tax_ids=self.env["account.tax"],
            invoice_date=self.today,
            post=True,
        )
        (invoice + note).line_ids.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        return note

    # --- when ---

    def _deliver(self, picking, quantities=None):
        """Finish a transfer with the quantities of its moves (all where none are given); gives its backorder."""
        for move, quantity in zip(
            picking.move_ids, quantities or picking.move_ids.mapped("product_uom_qty"), strict=True
        ):
            move.write({"quantity": quantity, "picked": True})
        picking._action_done()
        return self.env["stock.picking"].search([("backorder_id", "=", picking.id)])

    def _return(self, picking, quantity, *, to_refund=True):
        """Bring back `quantity` of a one-line transfer; gives the return."""
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_ids=picking.ids, active_id=picking.id)
            .create({"picking_id": picking.id})
        )
        wizard.product_return_moves.write({"quantity": quantity, "to_refund": to_refund})
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        self._deliver(back, [quantity])
        return back

    def _selects(self, documents):
        """How many queries reading the evidence takes, once the server knows rules and settings by heart."""
        for _ in range(2):
            self.env.invalidate_all()
            self._evidence(documents)
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self._evidence(documents)
        return self.cr.sql_log_count - before
