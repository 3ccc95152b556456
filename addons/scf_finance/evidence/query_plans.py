"""How PostgreSQL should plan the queries of a package."""

from contextlib import contextmanager


@contextmanager
def index_plans(env):
    """Within the block, months are read as ranges of indexes: one query before it, one after.

    A history is read a month at a time, so most of its queries find few rows among many. With the default costs of a
    spinning disk PostgreSQL would rather read whole tables, other companies' rows included, and it would compile code
    for longer than the query takes. If the block fails, rolling back restores the settings.
    """
    env.cr.execute("SELECT set_config('random_page_cost', '1.1', TRUE), set_config('jit', 'off', TRUE)")
    yield
    env.cr.execute(
        "SELECT set_config(name, reset_val, TRUE) FROM pg_settings WHERE name IN ('random_page_cost', 'jit')"
    )
