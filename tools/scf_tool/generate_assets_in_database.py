"""Run in Odoo's shell: no test on a copy of this database has to put together what its browser loads."""

# Style and code of Odoo's pages, of its public pages, of tours, and of the browser's unit tests. What is not named
# here is put together where it is asked for.
BUNDLES = (
    "web.assets_web",
    "web.assets_frontend",
    "web.assets_frontend_lazy",
    "web.assets_frontend_minimal",
    "web.assets_tests",
    "web.assets_unit_tests",
    "web.assets_unit_tests_setup",
)

for name in BUNDLES:
    bundle = env["ir.qweb"]._get_asset_bundle(name)  # noqa: F821 - `env` is the shell's
    bundle.js()
    bundle.css()
env.cr.commit()  # noqa: F821
