from . import test_pledged_components
