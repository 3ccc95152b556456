"""What always holds: honest packages of any shape pass, and no change of a sealed file goes unseen."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from stories import document, honest_sections, line, sealed, section

from openscf.canonical import canonical_bytes
from openscf.keys import KeySet, SigningKey
from openscf.verify import verify_package

KEYS = {"EdDSA": SigningKey.generate(), "ES256": SigningKey.generate("ES256")}
REGISTERED = KeySet.of(*KEYS.values())
FILES = {alg: sealed(honest_sections(), key) for alg, key in KEYS.items()}

UNITS = {"EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}


@st.composite
def honest(draw: st.DrawFn) -> dict[str, Any]:
    """Sections whose sums come out and whose references lead somewhere, of random shape and currency."""
    currency = draw(st.sampled_from(sorted(UNITS)))
    unit = UNITS[currency]

    def money(most: int) -> Decimal:
        return draw(st.integers(0, most)) * unit

    named = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).map(lambda text: f"n{text}")
    buyers = [
        {"key": f"b{at}", "name": draw(named), "tax_id": draw(st.none() | named)}
        for at in range(draw(st.integers(1, 3)))
    ]
    documents, taxes, payments, carried = [], [], [], Decimal(0)
    for at in range(draw(st.integers(1, 4))):
        lines = [
            line(number, net=str(money(10**7)), tax=str(money(10**6))) for number in range(draw(st.integers(0, 4)))
        ]
        number = f"{draw(named)}/{at}"
        kind = draw(st.sampled_from(["customer_invoice", "sales_order"]))
        parts = [(draw(st.sampled_from(["payment", "credit_note", "other"])), money(10**5)) for _ in range(at)]
        credited = sum((amount for how, amount in parts if how == "credit_note"), 0 * unit)
        paid = sum((amount for how, amount in parts if how != "credit_note"), 0 * unit)
        made = document(
            [{**row, "net": str(Decimal(row["net"]) + 0 * unit)} for row in lines], number=number, kind=kind,
            paid=str(paid), credited=str(credited), currency=currency, buyer=draw(st.sampled_from(buyers)),
        ) if lines else None  # fmt: skip
        if made is None:
            continue
        for name in ("net", "tax", "gross", "outstanding"):
            made["totals"][name] = str(Decimal(made["totals"][name]).quantize(unit))
        documents.append(made)
        row = {"document": number, "currency": currency}
        taxes += [{**row, "tax_code": "S", "base": each["net"], "amount": each["tax"]} for each in lines]
        payments += [
            {**row, "date": "2026-10-20", "amount": str(amount), "kind": how, "cleared": draw(st.booleans())}
            for how, amount in parts
        ]
        carried += Decimal(made["totals"]["gross" if kind == "sales_order" else "outstanding"])
    sections = {
        "party": section(applicant=honest_sections()["party"]["applicant"], buyers=buyers),
        "transaction": section(
            technique="receivables_discounting",
            tenor_days=draw(st.integers(1, 360)),
            requested={"amount": str((carried / 2).quantize(unit)), "currency": currency},
            eligible={"amount": str(carried.quantize(unit)), "currency": currency},
            documents=documents,
        ),
        "tax_flow": section(taxes=taxes),
        "cash_flow": section(payments=payments),
    }
    return sections


@given(
    honest().filter(lambda one: Decimal(one["transaction"]["requested"]["amount"]) > 0), st.sampled_from(sorted(KEYS))
)
def test_honest_packages_of_any_shape_pass(sections: dict[str, Any], alg: str) -> None:
    file = sealed(sections, KEYS[alg])
    report = verify_package(file, keys=REGISTERED)
    assert report.findings == ()
    assert canonical_bytes(json.loads(file)) == file


@settings(max_examples=400)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_one_changed_byte_anywhere_is_found(alg: str, draw: st.DataObject) -> None:
    file = bytearray(FILES[alg])
    at = draw.draw(st.integers(0, len(file) - 1))
    file[at] ^= draw.draw(st.integers(1, 255))
    assert not verify_package(bytes(file), keys=REGISTERED).ok


@given(st.sampled_from(sorted(FILES)), st.data())
def test_bytes_taken_out_put_in_or_swapped_are_found(alg: str, draw: st.DataObject) -> None:
    file = FILES[alg]
    at, to = sorted(draw.draw(st.tuples(st.integers(0, len(file)), st.integers(0, len(file)))))
    inserted = draw.draw(st.binary(max_size=3))
    changed = file[:at] + inserted + file[to:]
    if changed != file:
        assert not verify_package(changed, keys=REGISTERED).ok


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value that has no parts."""
    if isinstance(value, dict):
        return [found for name, part in value.items() for found in leaves(part, (*path, name))]
    if isinstance(value, list):
        return [found for at, part in enumerate(value) for found in leaves(part, (*path, at))]
    return [path]


LEAVES = leaves(json.loads(FILES["EdDSA"]))


@given(
    st.sampled_from(LEAVES),
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.just("0.00") | st.just({}) | st.just([]),
)
def test_one_changed_value_is_found_though_the_bytes_are_canonical_again(path: tuple[Any, ...], value: Any) -> None:
    package = json.loads(FILES["EdDSA"])
    place = package
    for step in path[:-1]:
        place = place[step]
    if place[path[-1]] == value and type(place[path[-1]]) is type(value):
        return
    place[path[-1]] = value
    assert not verify_package(canonical_bytes(package), keys=REGISTERED).ok


@given(st.sampled_from(LEAVES))
def test_one_member_taken_out_is_found(path: tuple[Any, ...]) -> None:
    package = json.loads(FILES["EdDSA"])
    place = package
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    assert not verify_package(canonical_bytes(package), keys=REGISTERED).ok


@given(st.binary(max_size=200))
def test_any_bytes_at_all_give_a_report(file: bytes) -> None:
    assert not verify_package(file).ok


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([path for path in LEAVES if path != ("seal",)]), JSON, st.booleans())
def test_any_json_anywhere_gives_a_report_never_an_exception(path: tuple[Any, ...], value: Any, early: bool) -> None:
    package = json.loads(FILES["EdDSA"])
    steps = path[: max(1, len(path) // 2)] if early else path
    place = package
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    verify_package(json.dumps(package).encode())
