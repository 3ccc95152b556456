from odoo import fields


def bank_day():
    """The date at the banks, which count days in UTC (docs/protocol.md), wherever the user sits."""
    return fields.Datetime.now().date()
