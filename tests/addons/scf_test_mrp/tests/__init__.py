from . import test_followed_kits
from . import test_pledged_components
from . import test_expired_lots
