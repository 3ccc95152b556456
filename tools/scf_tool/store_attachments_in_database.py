"""Run in Odoo's shell: a copy of this database then needs no copy of a file store."""

env["ir.config_parameter"].set_param("ir_attachment.location", "db")  # noqa: F821 - `env` is the shell's
env["ir.attachment"].force_storage()  # noqa: F821
env.cr.commit()  # noqa: F821
