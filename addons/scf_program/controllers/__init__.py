from . import landing
from . import joining
from . import signing
from . import documents
from . import invitation_file
from . import early
from . import signup
