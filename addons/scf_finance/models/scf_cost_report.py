from odoo import fields, models, tools
from odoo.tools import SQL

from .scf_application import TECHNIQUES

# Whoever reads all invoices may know what a sale earns.
MAY_KNOW_MARGINS = "account.group_account_readonly,account.group_account_invoice"
STAGES = [
    ("loan", "Loan and sale"),
    ("paid", "Cost paid"),
    ("owed", "Cost owed by now"),
    ("exchange", "Exchange difference"),
]


class ScfCostReport(models.Model):
    """What financing cost, document by document, and what is left of the sale's margin after it.

    A loan's figures are shared out among its documents by what was open of each when the money was asked for. All is in
    the company's currency: the bank's entries at the rate of their value date, exchange differences as booked.
    """

    _name = "scf.cost.report"
    _description = "Cost of financing"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "document_id"

    date = fields.Date(readonly=True)
    stage = fields.Selection(STAGES, string="What It Is", readonly=True)
    loan_id = fields.Many2one("scf.loan", readonly=True)
    application_id = fields.Many2one("scf.application", readonly=True)
    document_id = fields.Many2one("scf.application.document", string="Financed Document", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Buyer or Supplier", readonly=True)
    bank_id = fields.Many2one("scf.bank", readonly=True)
    technique = fields.Selection(TECHNIQUES, string="Kind of Financing", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", string="Company Currency", readonly=True)
    financed = fields.Monetary(readonly=True, help="Principal paid out, at the rate of the payout.")
    interest = fields.Monetary(readonly=True)
    fee = fields.Monetary(string="Fees", readonly=True)
    penalty = fields.Monetary(readonly=True)
    exchange = fields.Monetary(
        string="Exchange Differences", readonly=True, help="Booked on the loan; losses positive."
    )
    cost = fields.Monetary(string="Cost of Financing", readonly=True)
    net_sales = fields.Monetary(readonly=True, groups=MAY_KNOW_MARGINS, help="Net of tax, where the margin is known.")
    margin_before = fields.Monetary(
        string="Margin Before Financing",
        readonly=True,
        groups=MAY_KNOW_MARGINS,
        help="Of sales of which every line has a cost in Odoo.",
    )
    margin_after = fields.Monetary(string="Margin After Financing", readonly=True, groups=MAY_KNOW_MARGINS)

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(SQL("CREATE VIEW %s AS (%s)", SQL.identifier(self._table), self._view()))

    def _view(self):
        return SQL(
            """
        WITH document AS (
            SELECT id, application_id, partner_id, margin_net, margin_amount, margin_known,
                   COALESCE(amount / NULLIF(SUM(amount) OVER whole, 0), 1.0 / COUNT(*) OVER whole) AS share
              FROM scf_application_document
             WHERE standing = 'held'
            WINDOW whole AS (PARTITION BY application_id)
        ), told AS (
            SELECT loan_id, value_date AS date, 'paid' AS stage, NULL::numeric AS principal,
                   CASE type WHEN 'repayment_reversal' THEN -interest ELSE interest END AS interest,
                   CASE type WHEN 'fee' THEN amount WHEN 'repayment_reversal' THEN -fee ELSE fee END AS fee,
                   CASE type WHEN 'repayment_reversal' THEN -penalty ELSE penalty END AS penalty
              FROM scf_loan_entry
             WHERE type IN ('fee', 'repayment', 'repayment_reversal')
             UNION ALL
            SELECT id, balance_as_of, 'owed', NULL, balance_interest, balance_fee, balance_penalty
              FROM scf_loan
             WHERE state IN ('active', 'overdue') AND balance_interest + balance_fee + balance_penalty <> 0
             UNION ALL
            SELECT loan_id, value_date, 'loan', amount, NULL, NULL, NULL
              FROM scf_loan_entry
             WHERE type = 'disbursement'
        ), converted AS (
            SELECT told.loan_id, told.date, told.stage, told.principal / rate AS financed,
                   told.interest / rate AS interest, told.fee / rate AS fee, told.penalty / rate AS penalty,
                   NULL::numeric AS exchange
              FROM told
              JOIN scf_loan loan ON loan.id = told.loan_id
              JOIN res_company company ON company.id = loan.company_id
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN loan.currency_id = company.currency_id THEN 1
                               ELSE %(rate_of_loan)s / %(rate_of_company)s END AS rate) rated
             UNION ALL
            SELECT item.scf_loan_id, item.date, 'exchange', NULL, NULL, NULL, NULL, item.balance
              FROM account_move_line item
              JOIN account_move move ON move.id = item.move_id
              JOIN res_company company ON company.id = item.company_id
               AND company.currency_exchange_journal_id = move.journal_id
              JOIN account_account account ON account.id = item.account_id
               AND account.account_type IN ('income', 'income_other', 'expense', 'expense_other',
                                            'expense_direct_cost')
             WHERE item.scf_loan_id IS NOT NULL AND item.parent_state = 'posted'
        ), shared AS (
            SELECT converted.loan_id, converted.date, converted.stage, document.id AS document_id,
                   COALESCE(document.partner_id, loan.partner_id) AS partner_id, loan.application_id, loan.bank_id,
                   loan.technique, loan.company_id, company.currency_id,
                   COALESCE(financed, 0) * COALESCE(share, 1) AS financed,
                   COALESCE(interest, 0) * COALESCE(share, 1) AS interest,
                   COALESCE(fee, 0) * COALESCE(share, 1) AS fee,
                   COALESCE(penalty, 0) * COALESCE(share, 1) AS penalty,
                   COALESCE(exchange, 0) * COALESCE(share, 1) AS exchange,
                   document.margin_known,
                   -- The first payout stands for the sale, so that it counts once.
                   CASE WHEN converted.stage = 'loan' AND document.margin_known AND 1 = ROW_NUMBER() OVER (
                             PARTITION BY converted.loan_id, converted.stage, document.id ORDER BY converted.date)
                        THEN document.margin_net END::numeric AS net_sales,
                   CASE WHEN converted.stage = 'loan' AND document.margin_known AND 1 = ROW_NUMBER() OVER (
                             PARTITION BY converted.loan_id, converted.stage, document.id ORDER BY converted.date)
                        THEN document.margin_amount END::numeric AS margin_before
              FROM converted
              JOIN scf_loan loan ON loan.id = converted.loan_id
              JOIN res_company company ON company.id = loan.company_id
              LEFT JOIN document ON document.application_id = loan.application_id
        )
        SELECT ROW_NUMBER() OVER () AS id, loan_id, date, stage, document_id, partner_id, application_id, bank_id,
               technique, company_id, currency_id, financed, interest, fee, penalty, exchange,
               interest + fee + penalty + exchange AS cost, net_sales, margin_before,
               CASE WHEN margin_known THEN COALESCE(margin_before, 0) - (interest + fee + penalty + exchange)
                END AS margin_after
          FROM shared
            """,
            rate_of_loan=_rate(SQL("loan.currency_id")),
            rate_of_company=_rate(SQL("company.currency_id")),
        )


def _rate(currency: SQL) -> SQL:
    """The rate of a currency on the day told, as `res.currency` finds it: the company's own first, then the latest."""
    return SQL(
        """
        COALESCE((SELECT dated.rate FROM res_currency_rate dated
                   WHERE dated.currency_id = %(currency)s
                     AND (dated.company_id IS NULL OR dated.company_id = SPLIT_PART(company.parent_path, '/', 1)::int)
                   ORDER BY dated.name > told.date, dated.company_id,
                            CASE WHEN dated.name <= told.date THEN dated.name END DESC, dated.name
                   LIMIT 1), 1)
        """,
        currency=currency,
    )
