from . import base
from . import openscf
