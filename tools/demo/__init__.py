"""The demonstration company: who it is, what happened to it, and the story that is told on it.

`company` names the firm and its partners, `history` plans what happened between them (pure, seeded), `load_company`
makes it happen in a real Odoo, and `run_story` finances a few of the documents that are open at the end.
"""
