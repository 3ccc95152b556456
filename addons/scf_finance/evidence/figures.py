"""Figures that SQL summed up, as a package writes them. Rounding happens here and nowhere before."""

from decimal import ROUND_HALF_UP, Decimal

from openscf.money import round_money, to_amount


def money(amount: Decimal | str | None, currency: str) -> str:
    """A sum (numeric as text; nothing counts as zero) with the decimals of its currency (ISO 4217 code)."""
    return to_amount(round_money(Decimal(amount or 0), currency), currency)


def ratio(part: Decimal | str | None, whole: Decimal | str | None, places: int) -> str | None:
    """`part` ÷ `whole` with at most `places` decimals, half away from zero; None where there is no whole."""
    if not whole or not Decimal(whole):
        return None
    quotient = (Decimal(part or 0) / Decimal(whole)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return format(quotient + 0, "f")
