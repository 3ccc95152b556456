{
    "name": "Pledged Goods in Manufacturing",
    "summary": "Tests that manufacturing takes no pledged components; installed in the database of its own suite",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "author": "SCF for Odoo contributors",
    "license": "LGPL-3",
    "depends": ["scf_finance", "mrp"],
    "installable": True,
}
