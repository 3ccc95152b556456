from . import confirmation
from . import preview
