{
    "name": "Supply-chain Finance: Programs",
    "summary": "Bring your suppliers in: pre-approval in batches, approved bills paid early, by a bank or by you",
    "version": "19.0.1.0.0",
    "category": "Accounting/Financing",
    "license": "LGPL-3",
    "author": "SCF for Odoo",
    "depends": ["scf_finance", "portal", "auth_signup"],
    "external_dependencies": {"python": ["openscf"]},
    "data": [
        "security/ir.model.access.csv",
        "security/scf_program_rules.xml",
        "data/ir_sequence.xml",
        "data/scf_kyb_kind.xml",
        "data/mail_activity_type.xml",
        "views/scf_program_views.xml",
        "views/res_partner_views.xml",
    ],
}
