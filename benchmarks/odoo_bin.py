"""Odoo's command line as a file: with workers, Odoo starts its own program again for the websockets' process."""

from odoo.cli.command import main

if __name__ == "__main__":
    main()
