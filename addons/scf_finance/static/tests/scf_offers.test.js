import { waitForChannels } from "@bus/../tests/bus_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryAllTexts, queryAttribute, queryText, waitFor, waitForNone } from "@odoo/hoot-dom";
import { advanceTime, Deferred, freezeTime } from "@odoo/hoot-mock";
import {
    asyncStep,
    contains,
    defineModels,
    defineParams,
    fields,
    getService,
    makeServerError,
    MockServer,
    models,
    mountView,
    onRpc,
    waitForSteps,
} from "@web/../tests/web_test_helpers";

class Application extends models.Model {
    _name = "application";
    name = fields.Char();
    _records = [{ id: 1, name: "FIN/1" }];
}

defineMailModels();
defineModels([Application]);

const ARCH = `<form><sheet><field name="name"/><widget name="scf_offers"/></sheet></form>`;
const HOUR = 3600;

const flow = (date, money_in, money_out, along, size) => ({
    date,
    money_in,
    money_out,
    is_in: Boolean(money_in),
    along,
    size,
});

function scenario(days, total_cost, changes = {}) {
    return {
        days,
        total_cost,
        interest: "€ 84.00",
        fee: "€ 40.00",
        penalty: "",
        apr: "12.81 % a year",
        paid_off_on: days ? "02/05/2027" : "01/06/2027",
        change: days ? `${total_cost} more` : "",
        marks: [],
        notes: [],
        margin: "",
        flows: [flow("11/22/2026", "€ 7,960.00", "", 0, 90), flow("01/06/2027", "", "€ 8,084.00", 60, 100)],
        picture: "€ 7,960.00 in on 11/22/2026, € 8,084.00 out on 01/06/2027",
        ...changes,
    };
}

const BOTH_MARKS = [
    { code: "total_cost", label: "Lowest total cost" },
    { code: "apr", label: "Lowest yearly cost" },
];

const HANSA = {
    id: 21,
    bank: "Hansa",
    state: "open",
    state_label: "Open",
    in_hand: "€ 5,960.00",
    principal: "€ 6,000.00",
    rate: "8.40 % a year",
    fee_timing: "kept back from the payout",
    repayment: "In one sum",
    recourse: "With recourse: if the buyer does not pay, you pay the bank.",
    lateness: "On what is late, 5.00 % a year is added to the interest.",
    conditions: ["Notified assignment"],
    payout_account: "DE89 3704, Copper & Cast",
    expires: { text: "11/24/26, 3:00 PM", seconds_left: 50 * HOUR },
    can_accept: true,
    why_not: "",
    can_decline: true,
    scenarios: [
        scenario(0, "€ 116.00", {
            marks: BOTH_MARKS,
            notes: ["Costs € 64.00 less than Rhône, but gives € 2,000.00 less in hand."],
        }),
        scenario(30, "€ 190.00", { penalty: "€ 30.00" }),
    ],
};
const RHONE = {
    ...HANSA,
    id: 22,
    bank: "Rhône",
    conditions: [],
    scenarios: [scenario(0, "€ 180.00"), scenario(30, "€ 240.00")],
};
const COMPARED = {
    today: "11/22/2026",
    margin: "Margin of the sale before financing: € 3,000.00 (30.0 %) of € 10,000.00 net.",
    lateness: [
        { days: 0, label: "on time" },
        { days: 30, label: "30 days late" },
    ],
    offers: [HANSA, RHONE],
    ended: [],
};

function answer(changes = {}) {
    onRpc("application", "scf_offers", () => ({ ...COMPARED, ...changes }));
}

async function mountApplication() {
    await mountView({ type: "form", resModel: "application", resId: 1, arch: ARCH });
}

async function mountCompared(changes) {
    answer(changes);
    await mountApplication();
    await waitFor(".o_scf_offer");
}

const card = (number) => `.o_scf_offer:nth-of-type(${number})`;

test("the form is on screen before the offers are compared", async () => {
    const deferred = new Deferred();
    onRpc("application", "scf_offers", () => deferred);
    await mountApplication();
    expect(".o_field_widget[name=name]").toHaveCount(1);
    expect(".o_scf_offers").toHaveAttribute("aria-busy", "true");
    deferred.resolve(COMPARED);
    await waitFor(".o_scf_offer");
    expect(".o_scf_offers").toHaveAttribute("aria-busy", "false");
});

test("offers stand in the server's order with their figures and words", async () => {
    await mountCompared();
    expect(queryAllTexts(".o_scf_offer h4")).toEqual(["Hansa", "Rhône"]);
    expect(queryAllTexts(".o_scf_offer_cost")).toEqual(["€ 116.00", "€ 180.00"]);
    expect(queryAllTexts(`${card(1)} .o_scf_offer_mark`)).toEqual(["Lowest total cost", "Lowest yearly cost"]);
    expect(`${card(2)} .o_scf_offer_mark`).toHaveCount(0);
    expect(`${card(1)} .o_scf_offer_notes`).toHaveText(
        "Costs € 64.00 less than Rhône, but gives € 2,000.00 less in hand."
    );
    expect(`${card(1)} .o_scf_offer_loan`).toHaveText("from a loan of € 6,000.00");
    expect(`${card(1)} .o_scf_offer_recourse`).toHaveText(/you pay the bank/);
    expect(queryAllTexts(`${card(1)} .o_scf_offer_conditions li`)).toEqual(["Notified assignment"]);
    expect(`${card(1)} .o_scf_offer_accept`).toHaveClass("btn-primary");
    expect(`${card(2)} .o_scf_offer_accept`).toHaveClass("btn-secondary");
    expect(".o_scf_offers_margin").toHaveText(/30\.0 %/);
});

test("the picture has a text and a table that say the same", async () => {
    await mountCompared();
    expect(`${card(1)} svg`).toHaveAttribute(
        "aria-label",
        "€ 7,960.00 in on 11/22/2026, € 8,084.00 out on 01/06/2027"
    );
    expect(`${card(1)} svg rect.o_scf_cash_flow_in`).toHaveCount(1);
    expect(`${card(1)} svg rect.o_scf_cash_flow_out`).toHaveCount(1);
    await contains(`${card(1)} summary`).click();
    expect(queryAllTexts(`${card(1)} tbody td`)).toEqual([
        "11/22/2026",
        "€ 7,960.00",
        "",
        "01/06/2027",
        "",
        "€ 8,084.00",
    ]);
});

test("in a language that reads to the left, time runs to the left", async () => {
    defineParams({ lang_parameters: { direction: "rtl" } });
    await mountCompared();
    const [moneyIn, moneyOut] = ["in", "out"].map((side) =>
        Number(queryAttribute(`${card(1)} .o_scf_cash_flow_${side}`, "x"))
    );
    expect(moneyIn).toBeGreaterThan(moneyOut);
});

test("a late buyer is one click away, and said aloud once", async () => {
    await mountCompared();
    await contains(".o_scf_offers_late label:last").click();
    expect(queryAllTexts(".o_scf_offer_cost")).toEqual(["€ 190.00", "€ 240.00"]);
    expect(`${card(1)} .o_scf_offer_split`).toHaveText(/Penalty\s*€ 30\.00/);
    expect(".o_scf_offer_mark").toHaveCount(0);
    expect(".o_scf_offers [role=status]").toHaveText(
        "If the buyer pays 30 days late: Hansa € 190.00, Rhône € 240.00"
    );
    await contains(".o_scf_offers_late label:first").click();
    expect(queryAllTexts(".o_scf_offer_change")).toEqual([]);
});

test("accepting asks first, with the figures of paying on time", async () => {
    onRpc("scf.offer", "action_accept", ({ args }) => {
        asyncStep(`accept ${args[0]}`);
        return true;
    });
    await mountCompared();
    await contains(".o_scf_offers_late label:last").click();
    await contains(`${card(1)} .o_scf_offer_accept`).click();
    expect(".modal-body").toHaveText(
        /€ 5,960\.00 on the account DE89 3704, Copper & Cast, at a total cost of € 116\.00 \(12\.81 % a year\), to be repaid by 01\/06\/2027/
    );
    await waitForSteps([]);
    await contains(".modal-footer .btn-primary").click();
    await waitForSteps(["accept 21"]);
});

test("where a supplier is paid, everything names him and nothing says that you receive it", async () => {
    const toSupplier = (offer) => ({ ...offer, supplier: "Delta Mills", payout_account: "NL91 ABNA, Delta Mills" });
    await mountCompared({ supplier: "Delta Mills", margin: "", offers: [toSupplier(HANSA), toSupplier(RHONE)] });
    expect(`${card(1)} dt:first`).toHaveText("Paid to Delta Mills");
    expect(".o_scf_offers_late legend").toHaveText("If the goods are sold and paid for");
    await contains(".o_scf_offers_late label:last").click();
    expect(".o_scf_offers [role=status]").toHaveText(
        "If the goods are paid for 30 days late: Hansa € 190.00, Rhône € 240.00"
    );
    await contains(`${card(1)} .o_scf_offer_accept`).click();
    expect(".modal-body").toHaveText(
        /pays € 5,960\.00 to Delta Mills on the account NL91 ABNA, Delta Mills, at a total cost of € 116\.00/
    );
    expect(".modal-body").not.toHaveText(/You receive/);
});

test("declining asks first", async () => {
    onRpc("scf.offer", "action_decline", ({ args }) => {
        asyncStep(`decline ${args[0]}`);
        return true;
    });
    await mountCompared();
    await contains(`${card(2)} .o_scf_offer_decline`).click();
    expect(".modal-title").toHaveText("Decline the offer of Rhône?");
    await contains(".modal-footer .btn-primary").click();
    await waitForSteps(["decline 22"]);
});

test("who may not accept finds the reason beside a button that does nothing", async () => {
    const whyNot = "You requested this financing, so somebody else has to accept it: Approver.";
    onRpc("scf.offer", "action_accept", () => asyncStep("accept"));
    await mountCompared({ offers: [{ ...HANSA, can_accept: false, why_not: whyNot }] });
    expect(".o_scf_offer_accept").toHaveAttribute("aria-disabled", "true");
    expect(".o_scf_offer_why_not").toHaveText(whyNot);
    expect(".o_scf_offer_why_not").toHaveAttribute("id", queryAttribute(".o_scf_offer_accept", "aria-describedby"));
    await contains(".o_scf_offer_accept").click();
    expect(".modal").toHaveCount(0);
    await waitForSteps([]);
});

test("the time that is left counts down by the server's clock and is said aloud at marks only", async () => {
    freezeTime();
    const soon = { ...HANSA, expires: { text: "3:00 PM", seconds_left: 63 } };
    await mountCompared({ offers: [soon, RHONE] });
    expect(queryAllTexts(".o_scf_offer_left")).toEqual(["1 min 3 s left", "2 d 2 h left"]);
    // The text changes a moment after the second, so that no rounding of a timer shows the second before.
    await advanceTime(2500);
    expect(queryText(`${card(1)} .o_scf_offer_left`)).toBe("1 min 1 s left");
    expect(".o_scf_offers [role=status]").toHaveText("");
    await advanceTime(1000);
    expect(".o_scf_offers [role=status]").toHaveText("Offer of Hansa: 1 min 0 s left");
    await advanceTime(5000);
    expect(".o_scf_offers [role=status]").toHaveText("Offer of Hansa: 1 min 0 s left");
    await advanceTime(60_000);
    expect(queryText(`${card(1)} .o_scf_offer_left`)).toBe("Expired");
    expect(".o_scf_offers [role=status]").toHaveText("Offer of Hansa: Expired");
    expect(`${card(1)} .o_scf_offer_accept`).toHaveAttribute("aria-disabled", "true");
    expect(`${card(1)} .o_scf_offer_why_not`).toHaveText("This offer has expired. Ask the bank again.");
    expect(`${card(2)} .o_scf_offer_accept`).toHaveAttribute("aria-disabled", "false");
});

test("a failure leaves the form alone and can be retried", async () => {
    let isDown = true;
    onRpc("application", "scf_offers", () => {
        if (isDown) {
            throw makeServerError({ message: "The terms could not be read." });
        }
        return COMPARED;
    });
    await mountApplication();
    await waitFor(".o_scf_offers [role=alert]");
    expect(".o_scf_offers [role=alert]").toHaveText(/The terms could not be read\./);
    isDown = false;
    await contains(".o_scf_offers_retry").click();
    await waitFor(".o_scf_offer");
    expect(".o_scf_offers [role=alert]").toHaveCount(0);
});

test("without an offer it says who will tell; offers that ended are a line each", async () => {
    answer({ offers: [], margin: "" });
    await mountApplication();
    await waitForNone(".o_scf_offers[aria-busy=true]");
    expect(".o_scf_offers").toHaveText(/No bank has made an offer yet/);
    const ended = { id: 23, bank: "Lloyd", state_label: "Declined", in_hand: "€ 1.00", total_cost: "€ 2.00", reason: "" };
    answer({ offers: [], ended: [ended] });
    getService("bus_service").addChannel("financing");
    await waitForChannels(["financing"]);
    MockServer.env["bus.bus"]._sendone("financing", "scf_panel", { model: "application", ids: [1] });
    await waitFor(".o_scf_offers_ended li");
    expect(".o_scf_offers_ended li").toHaveText(/Lloyd\s*Declined/);
});
