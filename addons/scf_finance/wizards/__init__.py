from . import account_payment_register
from . import scf_release_request
from . import scf_reach
from . import scf_borrow
from . import scf_reply
from . import scf_repayment
from . import scf_books_setup
from . import scf_period_close
