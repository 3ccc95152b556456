"""One set-up for many classes of tests: the company of `FinanceCase`, its people and its banks.

Making them takes longer than most tests. They are alike for every class, so where the runner says so (`share`, see
addons/conftest.py) they are made once in a transaction that stays open, and each class works in a savepoint of it, as
each test works in a savepoint of its class. Odoo's own runner says nothing, and each class makes its own.
"""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.models import BaseModel
from odoo.modules.registry import Registry
from odoo.sql_db import Savepoint
from odoo.tests.common import get_db_name

from odoo.addons.base.tests.common import BaseCommon


class SharedHouse:
    """The records that classes of tests borrow one after the other; at most one class has them at a time."""

    def __init__(self):
        self._is_shared = False
        self._cursor = None
        self._builder = None
        self._made = {}
        self._known = None

    def share(self):
        """From now on make the records once; whoever asks for it calls `close` before other tests use the database."""
        self._is_shared = True

    def lends_to(self, case):
        """Whether the class `case` borrows the records, and does not make its own."""
        return self._is_shared and case is not self._builder

    def lend(self, case, *, founder):
        """Set up the class `case` with the records that the class `founder` makes; what it adds is undone after it."""
        if self._cursor is None:
            self._open(founder)
        savepoint, remembered = Savepoint(self._cursor), dict(self._cursor.cache)

        def undo():
            self._cursor.clear()
            savepoint.close()
            self._cursor.cache.clear()
            self._cursor.cache.update(remembered)

        with self._handing_over(undo):
            _set_up_without_records(case)
        self._known.recall()
        for name, value in self._made.items():
            setattr(case, name, dict(value) if isinstance(value, dict) else value)

    def learn(self):
        """Know by heart for the next classes too what a test has read and no test or class made untrue."""
        if self._known is not None:
            self._known.learn()

    def close(self):
        """End the transaction with all that was made in it."""
        if self._cursor is not None:
            cursor, self._cursor, self._made, self._known = self._cursor, None, {}, None
            cursor.close()

    def _open(self, founder):
        """Have a class of its own set up, and keep what it made, in the database and as its members."""
        self._cursor = Registry(get_db_name()).cursor()
        self._builder = type("House", (founder,), {})
        of_odoo = set(vars(self._builder))
        try:
            with self._handing_over(lambda: None):
                self._builder.setUpClass()
            self._cursor.flush()
            self._made = {
                name: value
                for name, value in vars(self._builder).items()
                if name not in of_odoo and _is_of_the_house(name, value)
            }
            self._known = Known(self._builder.registry)
        finally:
            # Its patches end here; what it made stays.
            self._builder.doClassCleanups()
            self._builder = None
            if not self._made:
                self.close()

    @contextmanager
    def _handing_over(self, on_close):
        """Have the next class that opens a cursor get this one, and `on_close` called where it closes it."""
        cursor, opened = self._cursor, []

        def close():
            del cursor.close
            on_close()

        def hand_over():
            handing_over.stop()
            opened.append(cursor)
            cursor.close = close
            return cursor

        handing_over = patch.object(Registry(get_db_name()), "cursor", hand_over)
        handing_over.start()
        try:
            yield
        finally:
            if not opened:
                handing_over.stop()


def _set_up_without_records(case):
    """What Odoo's bases of tests do before the first of them that makes records."""
    super(BaseCommon, case).setUpClass()


class Known:
    """What Odoo knows by heart in one state of the database: rights, rules, defaults, compiled templates.

    Odoo's tests forget it all after each of them, and read it anew from the database in the next.
    """

    def __init__(self, registry):
        self._caches = registry._Registry__caches  # as Odoo's own ormcache reads them: there is no public name
        self._mark = (object(),)
        for cache in self._caches.values():
            cache[self._mark] = True
        self._kept = {name: cache.snapshot for name, cache in self._caches.items()}

    def learn(self):
        """Know from now on what was read since, too, where it is still true of this state.

        Who changes what a cache holds has Odoo empty the whole cache, and the mark in it goes with the rest: then what
        it was filled with afterwards is left out.
        """
        for name, cache in self._caches.items():
            if self._mark in cache:
                self._kept[name] = cache.snapshot

    def recall(self):
        """Have Odoo know this again and nothing else, for when the database is back in this state."""
        for name, cache in self._caches.items():
            cache.clear()
            for key, value in self._kept[name].items():
                cache[key] = value


def _is_of_the_house(name, value):
    """Whether a member of the class that was set up is more than what Odoo's TransactionCase keeps for itself."""
    return name == "env" or isinstance(value, (BaseModel, dict, int, str)) and not name.startswith(("_", "registry"))


HOUSE = SharedHouse()
