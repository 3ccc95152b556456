"""A technique on offer: whom it is for, what it needs, and the terms that go with it. Part of the bank's profile."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from openscf.errors import InputInvalid
from openscf.kinds import COMPANY_TECHNIQUES
from openscf.loan import LoanTerms
from openscf.package import Sections
from openscf.wire import DayCount, FeeTiming, RepaymentKind, WaterfallStep
from pydantic import Field, model_validator

from .exact import Exact, ProfileSection

EmbeddedKind = Literal["ubl_invoice", "ubl_order", "ubl_despatch_advice"]

# The SDK's schedule is monthly and asks that all but the last instalment fit into 31-day months.
DAYS_AN_INSTALMENT = 31
IN_INSTALMENTS = ("instalment", "equal_principal")


class WithoutRecourse(ProfileSection):
    """What it costs that the bank bears the loss where the buyer does not pay: percentage points on the rate, another
    fee (percent of the principal), at most this advance rate, and conditions of its own.
    """

    margin: Exact
    fee_percent: Exact
    max_advance_rate: Exact
    conditions: tuple[str, ...]


class TechniqueSection(ProfileSection):
    """One technique on offer, as the discovery document shows it. Amount limits are in each listed currency.

    - `sections` are the package's sections that an application must bring, `embedded` the kinds of files with it.
    - `recourse` "both": with recourse, unless the application asks for it without, at the price of `without_recourse`.
    - `margin` is added to the rate; `fee_percent` and `day_count` stand in place of the pricing's. `fee_timing` says
      when the fee is owed; a `periodic` one is owed on every due date.
    - `limit_months`, of a technique for the company as a whole: the advance rate is of so many months of what it
      collects on average.
    - `minimum_percent` of the principal has to be repaid every `period_days` where repayment is `sales_linked`.
    - `conditions` stand in an offer of this technique in place of the bank's general ones.
    """

    code: str
    currencies: tuple[str, ...] = Field(min_length=1)
    min_amount: Exact
    max_amount: Exact
    min_tenor_days: int = Field(ge=1)
    max_tenor_days: int = Field(ge=1)
    max_advance_rate: Exact
    recourse: Literal["with", "without", "both"]
    repayment: tuple[RepaymentKind, ...] = Field(min_length=1)
    indicative_rate_pa: Exact
    indicative_fee_percent: Exact
    sections: tuple[str, ...]
    embedded: tuple[EmbeddedKind, ...] = ()
    margin: Exact = Decimal(0)
    fee_percent: Exact | None = None
    fee_timing: FeeTiming = "deducted"
    day_count: DayCount | None = None
    grace_days: int | None = None
    sweep_percent: Exact | None = None
    minimum_percent: Exact | None = None
    period_days: int | None = None
    waterfall: tuple[WaterfallStep, ...] | None = None
    limit_months: Exact | None = None
    without_recourse: WithoutRecourse | None = None
    conditions: tuple[str, ...] | None = None

    def with_recourse(self, asked: bool | None) -> bool:
        """Whether the applicant repays if the buyer does not; `asked` counts where both are on offer."""
        return self.recourse == "with" or (self.recourse == "both" and asked is not False)

    def instalments(self, repayment: str, tenor_days: int) -> int:
        """How many sums are due where the loan is repaid in monthly instalments, else 1."""
        return 1 + (tenor_days - 1) // DAYS_AN_INSTALMENT if repayment in IN_INSTALMENTS else 1

    @model_validator(mode="after")
    def _limits_in_order(self) -> TechniqueSection:
        if self.min_amount > self.max_amount or self.min_tenor_days > self.max_tenor_days:
            raise ValueError("a minimum is above its maximum")
        return self

    @model_validator(mode="after")
    def _suppliers_paid_in_full(self) -> TechniqueSection:
        if self.code == "distributor_finance" and self.fee_timing == "deducted":
            raise ValueError('the supplier is paid in full: write fee_timing = "on_repayment"')
        return self

    @model_validator(mode="after")
    def _priced_without_recourse(self) -> TechniqueSection:
        if (self.recourse == "both") != (self.without_recourse is not None):
            raise ValueError('recourse = "both" and a section without_recourse with its price go together')
        return self

    @model_validator(mode="after")
    def _lines_for_the_company(self) -> TechniqueSection:
        of_company = self.code in COMPANY_TECHNIQUES
        if of_company != (self.limit_months is not None):
            raise ValueError(f"limit_months goes with {' or '.join(sorted(COMPANY_TECHNIQUES))}, and with nothing else")
        if not of_company and "revolving" in self.repayment:
            raise ValueError("documents are financed once: a loan on them is not drawn again and again")
        return self

    @model_validator(mode="after")
    def _terms_that_make_a_loan(self) -> TechniqueSection:
        linked = "sales_linked" in self.repayment
        if {linked} != {self.minimum_percent is not None, self.period_days is not None}:
            raise ValueError("minimum_percent and period_days go with repayment sales_linked: give both, or neither")
        for repayment in self.repayment:
            try:
                self._longest(repayment)
            except InputInvalid as error:
                raise ValueError(str(error)) from error
        return self

    def _longest(self, repayment: RepaymentKind) -> LoanTerms:
        """A loan of the largest amount and longest tenor; InputInvalid where the terms are none."""
        linked = repayment == "sales_linked"
        standing = {name: getattr(self, name) for name in ("day_count", "grace_days", "sweep_percent", "waterfall")}
        return LoanTerms(
            principal=self.max_amount,
            currency=self.currencies[0],
            rate_pa=self.indicative_rate_pa,
            tenor_days=self.max_tenor_days,
            repayment=repayment,
            instalments=self.instalments(repayment, self.max_tenor_days),
            fee_timing=self.fee_timing,
            minimum_percent=self.minimum_percent if linked else None,
            period_days=self.period_days if linked else None,
            **{name: value for name, value in standing.items() if value is not None},
        )

    @model_validator(mode="after")
    def _sections_of_a_package(self) -> TechniqueSection:
        unknown = sorted(set(self.sections) - set(Sections.model_fields))
        if unknown:
            raise ValueError(f"a package has no section {', '.join(unknown)}")
        if self.embedded and "attachments" not in self.sections:
            raise ValueError('files are named in the section "attachments": list it among the sections too')
        return self
