from odoo import models


class ScfAddressee(models.AbstractModel):
    """What a model implements to have messages of its own delivered to a bank.

    The outbox asks the addressee where a message goes when it is sent, not when it is
    queued: an acceptance queued behind an application still finds the bank's id. It also asks
    then whether the message may still leave. The other
    hooks run in the transaction that records the outcome; an exception undoes that record
    and the message is sent again later with the same idempotency key.
    """

    _name = 'scf.addressee'
    _description = "Addressee of bank messages"

    def _scf_target(self, verb):
        """Give the id of the application, offer, loan or consent that ``verb`` is about.

        :param str verb: ``reply``, ``cancel``, ``accept``, ``decline``, ``collect``, ``repay``,
            ``release``, ``value``, ``extend``, ``accept_extension``, ``withdraw_extension``, ``substitute``,
            ``revoke``, ``program``, ``close_program``, ``prequalify``, ``member``, ``leave``, ``membership``,
            ``payables``, ``reduce``, ``withdraw``, ``early_payment``, ``confirm``, ``refuse`` or ``settle``
        :rtype: str | tuple[str, str] | None
        :return: the id, with the extension's after the loan's where the verb is about that; or None when the bank
            never gave one (the message is then refused here)
        """
        return None

    def _scf_before_send(self, message):
        """Say why a message that is due must not leave any more. Asked before every attempt.

        :param message: the ``scf.message``, whose documents and body are still here
        :rtype: str | None
        :return: the reason as a sentence: the message is cancelled with it; None to let it go
        """
        return None

    def _scf_on_answer(self, message, answer):
        """Take in the bank's answer to a delivered message.

        :param message: the ``scf.message``
        :param dict answer: the JSON body of the bank's 2xx answer
        """

    def _scf_on_refused(self, message, problem):
        """Take in that a message will never be delivered.

        :param message: the ``scf.message``, refused by the bank, cancelled or held back here
        :param dict problem: RFC 9457 problem details: ``type``, ``title``, ``status``, ``detail``
        """

    def _scf_on_delayed(self, message):
        """Take in that an attempt failed and another one is planned, or that all are used up.

        :param message: the ``scf.message``: ``state`` is ``queued`` or ``dead``, ``last_error`` says why
        """
