from . import scf_program
from . import scf_program_bank
from . import scf_program_member
from . import scf_program_member_bank
from . import scf_event
