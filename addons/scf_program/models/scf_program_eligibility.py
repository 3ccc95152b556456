from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

# What is bought, or sold, and what goes back, by kind of program.
DOCUMENTS = {
    "payables_finance": ("in_invoice", "in_refund"),
    "dynamic_discounting": ("in_invoice", "in_refund"),
    "distributor_finance": ("out_invoice", "out_refund"),
}
RULES = {
    "kind",
    "company_id",
    "currency_id",
    "min_tenure_months",
    "min_bought_amount",
    "max_return_percent",
    "country_ids",
    "category_ids",
}


class ScfProgram(models.Model):
    """Whom a program is for: rules in an accountant's words, answered from the posted bills of the last 12 months."""

    _inherit = "scf.program"

    min_tenure_months = fields.Integer(
        string="Known for at Least", help="Months since the first posted bill, or invoice to a distributor."
    )
    min_bought_amount = fields.Monetary(
        string="Traded at Least", help="Posted in the last 12 months without tax, in the program's currency."
    )
    max_return_percent = fields.Float(
        string="Credited at Most (%)",
        digits=(5, 2),
        default=100.0,
        help="Credit notes of the last 12 months for returns and defects, in percent of the bills.",
    )
    country_ids = fields.Many2many("res.country", string="Countries", help="Any of these; none means every country.")
    category_ids = fields.Many2many(
        "res.partner.category", string="Tags", help="Contacts with any of these; none means whatever their tags."
    )
    eligible_count = fields.Integer(string="Matching Companies", readonly=True, copy=False)
    eligible_counted_at = fields.Datetime(readonly=True, copy=False, help="When they were counted.")
    eligible_summary = fields.Char(compute="_compute_eligible_summary")

    # -- compute ----------------------------------------------------------------------------------------------------

    @api.depends("eligible_count", "eligible_counted_at")
    def _compute_eligible_summary(self):
        for program in self:
            if not program.eligible_counted_at:
                program.eligible_summary = self.env._("Not counted with these rules yet.")
            else:
                program.eligible_summary = self.env._(
                    "%(count)s companies matched on %(date)s.",
                    count=program.eligible_count,
                    date=format_datetime(self.env, program.eligible_counted_at, dt_format="short"),
                )

    # -- CRUD -------------------------------------------------------------------------------------------------------

    def write(self, vals):
        written = super().write(vals)
        if RULES & vals.keys():
            self.sudo().filtered("eligible_counted_at").eligible_counted_at = False
        return written

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_count_eligible(self):
        """Count the companies that the rules match now: forms don't, as it reads a year of bills."""
        for program in self:
            program.check_access("read")
            count = len(program._eligible_partners())
            program.sudo().write({"eligible_count": count, "eligible_counted_at": fields.Datetime.now()})
        return True

    def action_open_eligible(self):
        """Open the list of the companies that the rules match and that were not invited yet."""
        self.ensure_one()
        self.action_count_eligible()
        partners = self._eligible_partners()
        customers = self.kind == "distributor_finance"
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Companies that match the rules of %s", self.name),
            "res_model": "res.partner",
            "views": [(self.env.ref("scf_program.res_partner_view_list_invite").id, "list"), (False, "form")],
            "domain": [("id", "in", (partners - self._invited_partners()).ids)],
            "context": {"scf_program_id": self.id, "res_partner_search_mode": "customer" if customers else "supplier"},
            "help": self.env._("No company matches the rules, or all that match were invited already."),
        }

    # -- business ---------------------------------------------------------------------------------------------------

    def _invited_partners(self):
        """The members that were invited, or came in otherwise; those that were only pre-approved are still to be."""
        return self.sudo().member_ids.filtered(lambda member: not member._awaits_invitation()).partner_id

    def _eligible_partners(self):
        """The companies that the rules match, members included: one query for however many bills.

        Amounts count in the company's currency as they were posted, and the program's threshold is converted at
        today's rate.

        :return: commercial partners, those with the most trade first
        """
        self.ensure_one()
        self.check_access("read")
        traded, credited = DOCUMENTS[self.kind]
        today = fields.Date.context_today(self)
        threshold = self.currency_id._convert(
            self.min_bought_amount, self.company_id.currency_id, self.company_id, today
        )
        # The sums of posted bills by partner are all that is read, and all that comes out is who matches.
        moves = self.env["account.move"].sudo()
        moves.flush_model()
        partners = self.env["res.partner"].sudo()
        partners.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner.id
                  FROM res_partner partner
                  JOIN (
                       SELECT m.commercial_partner_id AS partner_id,
                              min(m.invoice_date) FILTER (WHERE m.move_type = %(traded)s) AS first_on,
                              coalesce(sum(abs(m.amount_untaxed_signed)) FILTER (
                                  WHERE m.move_type = %(traded)s AND m.invoice_date > %(year_ago)s), 0) AS traded,
                              coalesce(sum(abs(m.amount_untaxed_signed)) FILTER (
                                  WHERE m.move_type = %(credited)s AND m.invoice_date > %(year_ago)s), 0) AS credited
                         FROM account_move m
                        WHERE m.company_id = %(company)s AND m.state = 'posted'
                          AND m.move_type IN (%(traded)s, %(credited)s)
                        GROUP BY m.commercial_partner_id
                       ) trade ON trade.partner_id = partner.id
                 WHERE partner.active
                   AND partner.id != %(own)s
                   AND (partner.company_id IS NULL OR partner.company_id = %(company)s)
                   AND trade.first_on <= %(known_since)s
                   AND trade.traded >= %(threshold)s
                   AND trade.credited * 100 <= trade.traded * %(most_credited)s
                   AND %(of_countries)s
                   AND %(of_tags)s
                 ORDER BY trade.traded DESC, partner.id
                """,
                traded=traded,
                credited=credited,
                company=self.company_id.id,
                own=self.company_id.partner_id.id,
                year_ago=today - relativedelta(years=1),
                known_since=today - relativedelta(months=self.min_tenure_months),
                threshold=threshold,
                most_credited=self.max_return_percent,
                of_countries=self._sql_of_countries(),
                of_tags=self._sql_of_tags(),
            )
        )
        return self.env["res.partner"].browse(partner_id for [partner_id] in rows)

    def _sql_of_countries(self):
        if not self.country_ids:
            return SQL("TRUE")
        return SQL("partner.country_id IN %s", self.country_ids._ids)

    def _sql_of_tags(self):
        if not self.category_ids:
            return SQL("TRUE")
        return SQL(
            "EXISTS (SELECT 1 FROM res_partner_res_partner_category_rel tag "
            "WHERE tag.partner_id = partner.id AND tag.category_id IN %s)",
            self.category_ids._ids,
        )
