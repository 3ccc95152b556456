from . import scf_early_payment_ask
from . import scf_invitation_open
from . import scf_payable_disclosure
from . import scf_payable_statement
