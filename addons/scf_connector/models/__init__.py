from . import scf_addressee
from . import scf_record_kept
from . import scf_key
from . import scf_message
from . import scf_event
from . import scf_bank
from . import scf_bank_feed
from . import scf_bank_profile
