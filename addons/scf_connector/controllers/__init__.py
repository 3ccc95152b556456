from . import nudge
