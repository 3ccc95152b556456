"""What left in kits before they were followed stays what it was told as, with no bill of materials of today."""

from odoo.tools import sql


def migrate(cr, version):
    if version and sql.table_exists(cr, "scf_followed_use"):
        cr.execute(
            """
            ALTER TABLE scf_followed_use ADD COLUMN IF NOT EXISTS quantity_in_sold double precision,
                                         ADD COLUMN IF NOT EXISTS share_of_price double precision
            """
        )
        cr.execute("UPDATE scf_followed_use SET quantity_in_sold = 1, share_of_price = 1")
