{
    "name": "Pledged Goods in Manufacturing and Past Their Date",
    "summary": "Tests with apps that the addons do not need; installed in the database of its own suite",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "SCF for Odoo contributors",
    "license": "LGPL-3",
    "depends": ["scf_finance", "mrp", "product_expiry", "stock_dropshipping"],
    "installable": True,
}
