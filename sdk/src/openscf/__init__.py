"""OpenSCF 1.0: sealed packages, signed messages, loan arithmetic and a client, for banks and ERPs.

Import from the flat modules: ``openscf.package``, ``openscf.verify``, ``openscf.loan``, ``openscf.client`` and so on.
"""

__version__ = "1.0.0"
