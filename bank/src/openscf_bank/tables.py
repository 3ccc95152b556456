"""Every mapped table, imported in one place for the migrations."""

from __future__ import annotations

from .applications import models as _applications  # noqa: F401
from .clients import models as _clients  # noqa: F401
from .collateral import models as _collateral  # noqa: F401
from .consents import models as _consents  # noqa: F401
from .decisions import models as _decisions  # noqa: F401
from .desk import models as _desk  # noqa: F401
from .distributors import models as _distributors  # noqa: F401
from .documents import models as _documents  # noqa: F401
from .events import models as _events  # noqa: F401
from .kit import core_banking as _core_banking  # noqa: F401
from .kit import idempotency as _idempotency  # noqa: F401
from .kit import number_series as _number_series  # noqa: F401
from .kit.db import Base
from .loans import models as _loans  # noqa: F401
from .members import models as _members  # noqa: F401
from .oauth import models as _oauth  # noqa: F401
from .offers import models as _offers  # noqa: F401
from .packages import models as _packages  # noqa: F401
from .payables import models as _payables  # noqa: F401
from .prequalification import models as _prequalification  # noqa: F401
from .programs import models as _programs  # noqa: F401

metadata = Base.metadata
