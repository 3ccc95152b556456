from . import test_eligibility
from . import test_journey
from . import test_offer
from . import test_package
from . import test_submission
