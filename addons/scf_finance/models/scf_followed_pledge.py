from odoo import models
from odoo.tools import SQL

from ..eligibility.goods_claims import goods_of_pledges
from .scf_followed_flow import touch_followed


class ScfPledge(models.Model):
    """Pledged goods are followed once the bank lets them go; goods that a bank paid for can't be pledged to another."""

    _inherit = "scf.pledge"

    def _release(self, *args, **kwargs):
        release = super()._release(*args, **kwargs)
        touch_followed(self.env, self.product_id.ids)
        return release

    def _scf_same_asset(self):
        return SQL("%s UNION %s", super()._scf_same_asset(), goods_of_pledges(self.ids))
