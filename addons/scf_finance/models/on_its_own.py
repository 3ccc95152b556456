import logging

from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)


def on_its_own(record, step):
    """Do a job's step for one record, so that its trouble does not keep the job from the others.

    What the step wrote before it failed is undone, and the log names the record.

    :param record: the record, of any model
    :param step: called without arguments
    :return: the error, or None
    :raise PG_CONCURRENCY_EXCEPTIONS_TO_RETRY: where another transaction came first: the whole one has to start over
    """
    try:
        with record.env.cr.savepoint():
            step()
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        raise
    except Exception as error:
        _logger.exception("%s %s failed in its job and waits for the next run", record._name, record.id)
        return error
    return None
