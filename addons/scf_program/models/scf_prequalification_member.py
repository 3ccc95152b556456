from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from ..prequalification.waterfall import steps_of


class ScfProgramMemberBank(models.Model):
    """The limit of a member at a bank before it joins, and how the bank came to it."""

    _inherit = "scf.program.member.bank"

    prequalification_part_id = fields.Many2one(
        "scf.prequalification.part", string="Pre-approval", readonly=True, ondelete="set null", index="btree_not_null"
    )
    told_figures = fields.Json(readonly=True, help="What the bank was told of the trade when it set the limit.")
    told_on = fields.Date(string="Figures Of", readonly=True, help="The last day of the history that the bank read.")
    again_on = fields.Date(string="Prepared Again On", readonly=True, help="Another question to the bank was prepared.")
    reasons_text = fields.Text(string="How It Came About", compute="_compute_reasons")
    reasons_picture = fields.Html(string="Picture", compute="_compute_reasons", sanitize=False)

    @api.depends("reasons", "limit_amount")
    @api.depends_context("lang")
    def _compute_reasons(self):
        for record in self:
            steps = steps_of(record.reasons or [])
            shown = [
                {
                    "message": step.message,
                    "effect": record._signed(step.effect),
                    "begins": step.begins_percent,
                    "width": step.width_percent,
                    "takes": step.effect < 0,
                }
                for step in steps
            ]
            record.reasons_text = "\n".join(f"{step['effect']}: {step['message']}" for step in shown)
            record.reasons_picture = shown and self.env["ir.qweb"]._render(
                "scf_program.limit_waterfall",
                {
                    "steps": shown,
                    "total": format_amount(self.env, float(sum(step.effect for step in steps)), record.currency_id),
                },
            )

    def _signed(self, amount: Decimal):
        """An amount with its sign, as people read it in a list of gains and losses."""
        text = format_amount(self.env, float(abs(amount)), self.currency_id)
        return f"− {text}" if amount < 0 else f"+ {text}"

    def _member_ref(self):
        """The code under which the bank knows the member's company in a pre-approval.

        Stable for one bank of one company, and told by nobody else; the same as in packages to that bank.
        """
        self.ensure_one()
        bank = self.bank_id.sudo()
        return bank._scf_pseudonym(bank._scf_pseudonym_secret())(self.member_id.partner_id.id)

    def _take_result(self, result, line, part):
        """Take in what the bank decided; the answer to an earlier question changes nothing that a later one said.

        :param openscf.programs.PrequalificationResult result: checked
        :param line: the `scf.prequalification.line` that it is about
        :param part: the `scf.prequalification.part` that it answers
        """
        self.ensure_one()
        if self.prequalification_part_id.id > part.id:
            return
        self._take_limit(
            status=result.status.value,
            limit=float(result.limit),
            valid_until=result.valid_until,
            reasons=[reason.to_wire() for reason in result.reasons],
        )
        self.write(
            {
                "prequalification_part_id": part.id,
                "told_figures": line.figures,
                "told_on": part.prequalification_id.as_of,
                "again_on": False,
            }
        )

    def _end_limit(self):
        """Let a pre-approval that is over count no more; what it was is in the batch."""
        for record in self:
            ended = format_date(record.env, record.valid_until)
            record.write(
                {
                    "limit_amount": 0.0,
                    "reasons": False,
                    "message": record.env._("The pre-approval ended on %s.", ended),
                }
            )
            record._set_status("none")


class ScfProgramMember(models.Model):
    _inherit = "scf.program.member"

    preapproved_amount = fields.Monetary(
        string="Pre-approved", compute="_compute_preapproved_amount", store=True, help="At all banks together."
    )
    reason_bank_ids = fields.One2many(
        "scf.program.member.bank", "member_id", string="Limits Explained", domain=[("reasons", "!=", False)]
    )
    has_reasons = fields.Boolean(compute="_compute_reasons_text")
    reasons_text = fields.Text(string="How the Limits Came About", compute="_compute_reasons_text")

    @api.depends("bank_ids.reasons")
    @api.depends_context("lang")
    def _compute_reasons_text(self):
        for member in self:
            explained = member.bank_ids.filtered("reasons")
            member.has_reasons = bool(explained)
            member.reasons_text = "\n".join(
                f"{record.bank_id.sudo().name}\n{record.reasons_text}" for record in explained
            )

    @api.depends("bank_ids.status", "bank_ids.limit_amount")
    def _compute_preapproved_amount(self):
        for member in self:
            member.preapproved_amount = sum(
                bank.limit_amount for bank in member.bank_ids if bank.status == "prequalified"
            )


class ScfProgramJoining(models.Model):
    _inherit = "scf.program.joining"

    def _wire(self, consent, at_bank):
        """With the code of the member's row where it was pre-approved, so that the bank finds its limit again."""
        wire = super()._wire(consent, at_bank)
        earlier = self.member_id.bank_ids.filtered(lambda record: record.program_bank_id == at_bank.program_bank_id)
        if earlier.prequalification_part_id:
            wire["member_ref"] = at_bank._member_ref()
        return wire
