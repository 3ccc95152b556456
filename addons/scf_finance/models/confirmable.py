"""What buyers are asked about orders and invoices, and what they said."""

from decimal import Decimal

from openscf.money import to_amount

from odoo import models
from odoo.tools import formatLang

from ..amounts import exact
from ..evidence.wire_text import plain
from .scf_confirmation import ANSWERS, Terms


class ScfFinanceable(models.AbstractModel):
    _inherit = "scf.financeable"

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_scf_ask_confirmation(self):
        """Send each document's buyer a link that asks to confirm it."""
        self._scf_check_requester()
        asked = [self.env["scf.confirmation"]._ask(document) for document in self]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Asked: %s.", ", ".join(f"{item.number} ({item.email})" for item in asked)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _scf_confirmations(self):
        """What the buyers said about these documents: rows of `Confirmation` in docs/package.md, oldest first.

        The last answer on a document counts. A confirmation of other figures than the present ones does not; a
        dispute stands until the buyer answers anew, whatever the seller changes.
        """
        answered = (
            self.env["scf.confirmation"]
            .sudo()
            .search([*self._scf_confirmation_domain(), ("state", "in", ANSWERS)], order="answered_at, id")
        )
        last = {answer._document().id: answer for answer in answered}
        terms = {document.id: document._scf_terms() for document in self if document.id in last}
        return [
            {**answer._row(), **self._scf_present_figures(terms[document_id], answer)}
            for document_id, answer in last.items()
            if answer.state == "disputed" or answer._terms() == terms[document_id]
        ]

    def _scf_present_figures(self, terms, answer):
        """A dispute of a document that has another number or currency since then is told about the present one."""
        if (terms.number, terms.currency) == (answer.number, answer.currency_id.name):
            return {}
        return {"document": terms.number, "currency": terms.currency, "amount": to_amount(terms.amount, terms.currency)}

    def _scf_confirmation_domain(self):
        return [(self._scf_field, "in", self.ids)]

    def _scf_is_confirmable(self):
        """Whether the document stands as a buyer would see it; without a buyer it does not."""
        return False

    def _scf_terms(self):
        """What a buyer confirms of the document (`Terms`)."""
        self.ensure_one()
        account = self.company_id.sudo().scf_collection_bank_account_id  # a requester may not read bank accounts
        holder = account.acc_holder_name or account.partner_id.name
        return Terms(
            number=self.name,
            due_date=self._scf_due_date(),
            amount=exact(self.amount_total, self.currency_id.name),
            currency=self.currency_id.name,
            buyer_id=self.partner_id.commercial_partner_id.id,
            account=f"{account.acc_number} ({holder})" if account else "",
        )

    def _scf_due_date(self):
        """The day on which the buyer has to pay, where the document states one."""
        return None

    def _scf_confirmation_words(self, **stated):
        """The two statements that a buyer chooses from, by answer, in the language of the environment."""
        raise NotImplementedError

    def _scf_lines_shown(self):
        """The lines as the buyer sees them: description, quantity and amount without tax, as text."""
        raise NotImplementedError

    def _scf_line_shown(self, line, quantity):
        return {
            "description": line.name or line.product_id.display_name or "",
            "quantity": f"{plain(Decimal(str(quantity)))} {line.product_uom_id.name or ''}".strip(),
            "amount": formatLang(self.env, line.price_subtotal, currency_obj=self.currency_id),
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    def _scf_is_confirmable(self):
        return self.move_type == "out_invoice" and self.state == "posted"

    def _scf_due_date(self):
        return self.invoice_date_due or self.invoice_date or None

    def _scf_confirmation_words(self, **stated):
        return {
            "confirmed": self.env._(
                "We confirm to %(seller)s that its invoice %(number)s of %(date)s over %(amount)s, due on "
                "%(due_date)s, is correct. We owe it, and will pay what is open of it to the account %(account)s.",
                **stated,
            ),
            "disputed": self.env._(
                "We dispute the invoice %(number)s that %(seller)s issued on %(date)s over %(amount)s, due on "
                "%(due_date)s.",
                **stated,
            ),
        }

    def _scf_lines_shown(self):
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        return [self._scf_line_shown(line, line.quantity) for line in lines]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _scf_is_confirmable(self):
        return self.state == "sale"

    def _scf_confirmation_words(self, **stated):
        return {
            "confirmed": self.env._(
                "We confirm to %(seller)s that its order %(number)s of %(date)s over %(amount)s is ours and correct. "
                "We will pay the invoices for what is delivered to the account %(account)s.",
                **stated,
            ),
            "disputed": self.env._(
                "We dispute the order %(number)s of %(date)s that %(seller)s says is ours, over %(amount)s.", **stated
            ),
        }

    def _scf_lines_shown(self):
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return [self._scf_line_shown(line, line.product_uom_qty) for line in lines]
