from . import test_scf_bank
from . import test_scf_event
from . import test_scf_key
from . import test_scf_message
from . import test_neutralize
from . import test_nudge
from . import test_security
from . import test_views
