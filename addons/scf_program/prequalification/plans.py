"""How PostgreSQL should plan statements that sum up years of a company's purchases."""

from contextlib import contextmanager

WORK_MEMORY = "64MB"
"""For each sort and hash: a million order lines are grouped in memory, not by way of temporary files."""


@contextmanager
def summing_plans(env):
    """Within the block, sums over most of a table are planned for: one query before it, one after.

    Compiling code would take longer than it saves. If the block fails, rolling back restores the settings.
    """
    env.cr.execute("SELECT set_config('work_mem', %s, TRUE), set_config('jit', 'off', TRUE)", [WORK_MEMORY])
    yield
    env.cr.execute(
        "SELECT set_config(name, reset_val || COALESCE(unit, ''), TRUE) FROM pg_settings "
        "WHERE name IN ('work_mem', 'jit')"
    )
