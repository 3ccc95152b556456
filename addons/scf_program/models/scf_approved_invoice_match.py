from openscf.canonical import sha256_hex
from openscf.errors import InputInvalid
from openscf.money import Money, to_amount
from openscf.payables import payable_fingerprints
from openscf.programs import tax_key

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_list

from odoo.addons.scf_finance.amounts import exact
from odoo.addons.scf_finance.evidence.wire_text import day, instant

from .scf_approved_invoice import STANDING

# Until then the customer's words may turn out to be of another invoice; afterwards money has moved on it.
MATCHED_ANEW = ("registered", "to_approve", "rejected", "withdrawn")


class ScfApprovedInvoice(models.Model):
    """Which of our customer invoices it is. What differs is shown, and then the approval confirms nothing."""

    _inherit = "scf.approved.invoice"

    move_id = fields.Many2one(
        "account.move", string="Our Invoice", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    mismatch = fields.Text(string="What Does Not Match", readonly=True)
    is_confirmation = fields.Boolean(
        string="Confirms Our Invoice",
        compute="_compute_is_confirmation",
        compute_sudo=True,  # who sees the approval need not see the invoice
        help="The customer's signed approval counts as its confirmation of the invoice, with every bank.",
    )

    # -- compute ----------------------------------------------------------------------------------------------------

    def _compute_is_confirmation(self):
        for invoice in self:
            invoice.is_confirmation = invoice._confirms()

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_match(self):
        """Look again for the invoice, after something was corrected."""
        self.ensure_one()
        self.check_access("read")
        if self.state not in MATCHED_ANEW:
            raise UserError(self.env._("The early payment is on its way: the invoice stays the one that it is."))
        self.sudo()._match()
        return True

    # -- business ---------------------------------------------------------------------------------------------------

    def _match(self):
        """Find the invoice by its number and compare; keep it only where everything agrees."""
        for approved in self.filtered(lambda one: one.state in MATCHED_ANEW):
            move = approved._move_by_number()
            problems = approved._problems(move)
            approved.write({"move_id": False if problems else move.id, "mismatch": "\n".join(problems) or False})

    @api.model
    @api.private
    def _match_waiting(self, invoices):
        """Look again for the invoices of approvals that came before them.

        :param invoices: customer invoices that were posted
        """
        waiting = self.search(
            [("company_id", "in", invoices.company_id.ids), ("move_id", "=", False), ("state", "=", "registered")]
        )
        numbers = {_plain(invoice.name) for invoice in invoices} if waiting else ()
        waiting.filtered(lambda approved: _plain(approved.number) in numbers)._match()

    def _move_by_number(self):
        """The posted customer invoice with that number, however it is written."""
        invoices = self.env["account.move"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                "|",
                ("name", "=ilike", _literally(self.number)),
                "&",
                ("invoice_date", "=", self.issued_on),
                ("amount_total", "=", self.approved_amount),
            ]
        )
        return invoices.filtered(lambda move: _plain(move.name) == _plain(self.number))[:1]

    def _problems(self, move):
        """Why the approval is not of that invoice, or not of all that is open of it on that day, as sentences."""
        if self.signature_problem:
            return [self.signature_problem]
        if not move:
            return [
                self.env._(
                    "We have no posted customer invoice %s. Post it, or ask the customer which one is meant.",
                    self.number,
                )
            ]
        problems = self._differences(move)
        left = sum(self._instalment_of(move).mapped("amount_residual_currency"))
        if not problems and self.currency_id.compare_amounts(self.amount, left):
            problems.append(
                self.env._(
                    "%(anchor)s approved %(approved)s; open of the invoice on that day is %(open)s. Enter the "
                    "credit note or the payment that is missing here, or ask the customer.",
                    anchor=self.anchor_name,
                    approved=self._money(self.amount),
                    open=self._money(left),
                )
            )
        return problems

    def _differences(self, move):
        """What the customer signed otherwise than our invoice says, as sentences."""
        names = {"anchor": self.anchor_name}
        problems = []
        if _key(move.commercial_partner_id.vat) != _key(self.membership_id.anchor_tax_id):
            problems.append(
                self.env._(
                    "The invoice is made out to %(customer)s, whose tax ID is not the one of %(anchor)s.",
                    customer=move.commercial_partner_id.name,
                    **names,
                )
            )
        if move.currency_id != self.currency_id:
            problems.append(
                self.env._(
                    "The invoice is in %(ours)s, %(anchor)s approved %(theirs)s.",
                    ours=move.currency_id.name,
                    theirs=self.currency_id.name,
                    **names,
                )
            )
        due_on = sorted({_due_on(item) for item in _receivable_items(move)})
        for label, ours, theirs in (
            (self.env._("invoice date"), [move.invoice_date], self.issued_on),
            (self.env._("due date"), due_on, self.due_date),
        ):
            if theirs not in ours:
                problems.append(
                    self.env._(
                        "The %(label)s is %(ours)s here; %(anchor)s has %(theirs)s.",
                        label=label,
                        ours=format_list(self.env, [format_date(self.env, one) for one in ours]),
                        theirs=format_date(self.env, theirs),
                        **names,
                    )
                )
        if not problems and self._fingerprints_of(move) != self.fingerprints:
            problems.append(
                self.env._(
                    "%(anchor)s has entered another total than %(total)s for this invoice.",
                    total=self._money(move.amount_total),
                    **names,
                )
            )
        return problems

    def _instalment_of(self, move):
        """What of the invoice is due on the day that the customer approved: all of it, or one of its instalments."""
        return _receivable_items(move).filtered(lambda item: _due_on(item) == self.due_date)

    def _instalments_beside(self):
        """The approvals of the invoice's other instalments: the customer's bank holds them together."""
        return self.move_id.sudo().scf_approved_ids.filtered(
            lambda one: (
                one.due_date != self.due_date and one.membership_id.anchor_tax_id == self.membership_id.anchor_tax_id
            )
        )

    def _fingerprints_of(self, move):
        """The invoice as the customer must have seen it, in the three digests that it signed."""
        currency = move.currency_id.name
        try:
            digests = payable_fingerprints(
                member_tax_id=self.company_id.vat,
                anchor_tax_id=move.commercial_partner_id.vat,
                invoice_number=move.name,
                issued_on=move.invoice_date,
                gross=Money(amount=exact(move.amount_total, currency), currency=currency),
            )
        except InputInvalid:
            return None
        return {"f1": digests.f1, "f2": digests.f2, "f3": digests.f3}

    # -- business: the customer's confirmation ----------------------------------------------------------------------

    def _confirms(self):
        """Whether the approval confirms all of our invoice as it stands now: not where some was taken back."""
        self.ensure_one()
        move = self.move_id
        return bool(
            move
            and move.state == "posted"
            and self.state in STANDING
            and not self.signature_problem
            and not self.currency_id.compare_amounts(self.amount, move.amount_total)
            and _plain(move.name) == _plain(self.number)
            and not self._differences(move)
        )

    def _confirmation_row(self):
        """The approval as `Confirmation` of docs/package.md; the statement that was signed is the approval itself."""
        currency = self.currency_id.name
        return {
            "document": self.move_id.name,
            "answer": "confirmed",
            "amount": to_amount(exact(self.amount, currency), currency),
            "currency": currency,
            "due_date": day(self.due_date),
            "confirmed_by": self.approved_by,
            "role": self.anchor_name,
            "confirmed_at": instant(self.approved_at),
            "statement_sha256": sha256_hex(self.approval.encode()),
        }


def _receivable_items(move):
    return move.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable")


def _due_on(item):
    return item.date_maturity or item.move_id.invoice_date_due


def _plain(text):
    return "".join(sign for sign in (text or "").upper() if sign.isalnum())


def _literally(text):
    """Text for `=ilike` that stands for itself."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _key(tax_id):
    try:
        return tax_key(tax_id or "")
    except InputInvalid:
        return None
