import re

from lxml import etree

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestViews(TransactionCase):
    """What Odoo does not check of a view before somebody opens it."""

    def test_cards_read_no_field_that_the_board_does_not_load(self):
        boards = self.env["ir.ui.view"].search([("type", "=", "kanban"), ("model", "=like", "scf.%")], order="id")
        self.assertGreater(len(boards), 10)
        for board in boards:
            arch = etree.fromstring(board.get_combined_arch())
            loaded = set(arch.xpath("//field/@name"))
            read = set(re.findall(r"\brecord\.(\w+)\.", etree.tostring(arch, encoding="unicode")))
            self.assertFalse(read - loaded, board.name)
