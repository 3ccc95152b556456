{
    "name": "Supply-Chain Finance",
    "summary": "Turn sales orders and invoices into working capital, from the banks you choose",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "SCF for Odoo contributors",
    "website": "https://github.com/scf-for-odoo/scf-for-odoo",
    "depends": ["scf_connector", "sale_stock", "account"],
    "external_dependencies": {"python": ["openscf"]},
    "data": [
        "security/ir.model.access.csv",
        "security/scf_finance_rules.xml",
        "data/ir_sequence.xml",
        "data/ir_cron.xml",
        "data/mail_activity_type.xml",
    ],
    "application": True,
}
