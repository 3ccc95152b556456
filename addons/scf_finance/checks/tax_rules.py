"""A country's rules for tax IDs, from python-stdnum."""

from importlib.machinery import PathFinder

import stdnum


def tax_rules(country):
    """The rules of a country, a module with `validate(number)`; None where no rule is known.

    Some rules read tables that lie beside the library. Odoo patches stdnum while it is imported, and leaves it a
    loader that opens no files ("Can't open orphan path"): the package gets back the one that Python finds for it.

    :param str country: ISO 3166-1 code of two letters
    """
    if not hasattr(stdnum.__spec__.loader, "get_resource_reader"):
        stdnum.__spec__.loader = PathFinder.find_spec("stdnum").loader
    return stdnum.get_cc_module(country.lower(), "vat")
