import { waitForChannels, waitNotifications } from "@bus/../tests/bus_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryAttribute, waitFor, waitForNone } from "@odoo/hoot-dom";
import { advanceTime, Deferred } from "@odoo/hoot-mock";
import {
    asyncStep,
    contains,
    defineModels,
    fields,
    getService,
    makeServerError,
    MockServer,
    models,
    mountView,
    onRpc,
    waitForSteps,
} from "@web/../tests/web_test_helpers";

class Document extends models.Model {
    _name = "document";
    name = fields.Char();
    _records = [{ id: 1, name: "S00001" }];
}

defineMailModels();
defineModels([Document]);

const ARCH = `<form><sheet><field name="name"/><widget name="scf_panel"/></sheet></form>`;

const ELIGIBLE = {
    visible: true,
    state: "eligible",
    headline: "You could receive € 8,000.00 today",
    subline: "80 % of € 10,000.00, from 2 banks",
    technique: "pre_shipment",
    technique_label: "Order finance",
    eligible: { text: "€ 8,000.00", value: "8000.00" },
    indicative: { cost_text: "€ 66.00", apr_text: "8.10 % a year", bank: "Hansa", cash_date: "11/24/2026" },
    reasons: [{ code: "confirmed", level: "ok", sentence: "The order is confirmed.", fix: null }],
    application: null,
    submissions: [],
    offers: [],
    loan: null,
    rows: [],
    next_step: "Ask the banks for an offer",
    actions: [{ name: "action_scf_request", label: "Request financing", kind: "primary" }],
};

const OFFERED = {
    ...ELIGIBLE,
    state: "offered",
    headline: "2 banks made an offer",
    indicative: null,
    application: { id: 7, name: "FIN/2026/00007", state_label: "Offers received" },
    offers: [
        {
            id: 21,
            bank: "Hansa",
            in_hand: "€ 7,960.00",
            payout_account: "DE89 3704 0044 0532 0130 00, Copper & Cast",
            total_cost: "€ 116.00",
            apr_text: "8.10 % a year",
            due_date: "01/08/2027",
            expires: { text: "11/24/26, 3:00 PM", seconds_left: 50 * 3600 },
            expires_text: "valid until 11/24/26, 3:00 PM",
            marks: [
                { code: "total_cost", label: "Lowest total cost" },
                { code: "apr", label: "Lowest yearly cost" },
            ],
            notes: ["Costs € 64.00 less than Rhône."],
            can_accept: true,
            why_not: null,
            state: "open",
        },
        {
            id: 22,
            bank: "Rhône",
            in_hand: "€ 7,900.00",
            payout_account: "DE89 3704 0044 0532 0130 00, Copper & Cast",
            total_cost: "€ 180.00",
            apr_text: "11.20 % a year",
            due_date: "01/08/2027",
            expires: { text: "11/23/26, 3:00 PM", seconds_left: 62 },
            expires_text: "valid until 11/23/26, 3:00 PM",
            marks: [],
            notes: [],
            can_accept: true,
            why_not: null,
            state: "open",
        },
    ],
    actions: [],
};

const GREY_LIGHT = { name: "", question: "", level: "grey", checks: [] };
const LIGHTS = {
    visible: true,
    origin: "",
    lights: [
        {
            light: "authenticity",
            name: "Authenticity",
            question: "Is the trade real?",
            level: "red",
            checks: [
                {
                    code: "order-exists",
                    light: "authenticity",
                    title: "Order exists",
                    level: "red",
                    sentence: "No sales order stands behind INV/1.",
                    figure: "0.0 %",
                    threshold: "100 %",
                },
            ],
        },
        { ...GREY_LIGHT, light: "self_liquidation", name: "Self-liquidation", level: "green" },
        { ...GREY_LIGHT, light: "control", name: "Control" },
    ],
};

onRpc("document", "scf_panel_lights", () => ({ visible: false }));

function mountDocument() {
    return mountView({ type: "form", resModel: "document", resId: 1, arch: ARCH });
}

test("the form is on screen before the panel is answered", async () => {
    const answer = new Deferred();
    onRpc("document", "scf_panel", () => answer);
    await mountDocument();
    expect(".o_field_widget[name=name]").toHaveCount(1);
    expect(".o_scf_panel_skeleton").toHaveCount(1);
    answer.resolve(ELIGIBLE);
    await waitFor(".o_scf_panel_headline");
    expect(".o_scf_panel_skeleton").toHaveCount(0);
    expect(".o_scf_panel_headline").toHaveText("You could receive € 8,000.00 today");
    expect(".o_scf_panel_subline").toHaveText(/€ 66\.00 \(8\.10 % a year\)/);
});

test("nothing is shown for a document that has no panel", async () => {
    onRpc("document", "scf_panel", () => ({ visible: false }));
    await mountDocument();
    await waitForNone(".o_scf_panel");
    expect(".o_scf_panel").toHaveCount(0);
});

test("a failure leaves the form alone and can be retried", async () => {
    let isDown = true;
    onRpc("document", "scf_panel", () => {
        if (isDown) {
            throw makeServerError({ message: "The bank's terms could not be read." });
        }
        return ELIGIBLE;
    });
    await mountDocument();
    await waitFor(".o_scf_panel [role=alert]");
    expect(".o_scf_panel [role=alert]").toHaveText(/The bank's terms could not be read\./);
    isDown = false;
    await contains(".o_scf_panel_retry").click();
    await waitFor(".o_scf_panel_headline");
    expect(".o_scf_panel [role=alert]").toHaveCount(0);
});

test("the primary action is called on the document", async () => {
    onRpc("document", "scf_panel", () => ELIGIBLE);
    onRpc("document", "action_scf_request", ({ args }) => {
        asyncStep(`request ${args[0]}`);
        return false;
    });
    await mountDocument();
    await contains(".o_scf_panel button[name=action_scf_request]").click();
    await waitForSteps(["request 1"]);
});

test("a missing condition shows its sentence and its fix", async () => {
    onRpc("document", "scf_panel", () => ({
        ...ELIGIBLE,
        state: "ineligible",
        headline: "This order can't be financed yet",
        eligible: null,
        indicative: null,
        actions: [],
        reasons: [
            {
                code: "tax_id",
                level: "stop",
                sentence: "The buyer has no tax id.",
                fix: {
                    label: "Open the buyer",
                    action: {
                        type: "ir.actions.act_window",
                        res_model: "document",
                        views: [[false, "form"]],
                    },
                },
            },
        ],
    }));
    await mountDocument();
    await waitFor(".o_scf_panel_headline");
    expect(".o_scf_panel_first_fix").toHaveText("Open the buyer");
    await contains(".o_scf_panel_toggle").click();
    expect(".o_scf_panel_reasons li[data-level=stop]").toHaveText(/Missing:\s+The buyer has no tax id\./);
    expect(".o_scf_panel_toggle").toHaveAttribute("aria-expanded", "true");
    expect(".o_scf_panel_details").toHaveAttribute(
        "id",
        queryAttribute(".o_scf_panel_toggle", "aria-controls")
    );
});

test("offers are compared at once and accepting asks first", async () => {
    onRpc("document", "scf_panel", () => OFFERED);
    onRpc("scf.offer", "action_accept", ({ args }) => {
        asyncStep(`accept ${args[0]}`);
        return true;
    });
    await mountDocument();
    await waitFor(".o_scf_panel_offers");
    expect(queryAllTexts(".o_scf_panel_offers tbody tr td:nth-child(3)")).toEqual([
        "€ 116.00",
        "€ 180.00",
    ]);
    expect(".o_scf_panel_best").toHaveText(/Lowest total cost/);
    expect(".o_scf_panel_best + .o_scf_panel_notes").toHaveText("Costs € 64.00 less than Rhône.");
    expect(".o_scf_panel_best .o_scf_panel_accept").toHaveClass("btn-primary");
    expect("tr:not(.o_scf_panel_best) .o_scf_panel_accept").toHaveClass("btn-secondary");
    await contains(".o_scf_panel_best .o_scf_panel_accept").click();
    expect(".modal-body").toHaveText(/€ 7,960\.00 on the account DE89 3704 0044 0532 0130 00, Copper & Cast, at a total cost of € 116\.00 \(8\.10 % a year\)/);
    await waitForSteps([]);
    await contains(".modal-footer .btn-primary").click();
    await waitForSteps(["accept 21"]);
});

test("an offer that runs out while it is looked at can't be accepted any more", async () => {
    onRpc("document", "scf_panel", () => OFFERED);
    await mountDocument();
    await waitFor(".o_scf_panel_offers");
    expect(queryAllTexts(".o_scf_panel_left")).toEqual(["2 d 2 h left", "1 min 2 s left"]);
    expect(".o_scf_panel_accept").toHaveCount(2);
    await advanceTime(63_000);
    expect(queryAllTexts(".o_scf_panel_left")).toEqual(["2 d 1 h left", "Expired"]);
    expect(".o_scf_panel_accept").toHaveCount(1);
    expect(".o_scf_panel [role=status]").toHaveText("Offer of Rhône: Expired");
});

test("who may not accept reads why, once", async () => {
    const whyNot = "You asked for this financing: another approver decides.";
    onRpc("document", "scf_panel", () => ({
        ...OFFERED,
        offers: OFFERED.offers.map((offer) => ({ ...offer, can_accept: false, why_not: whyNot })),
    }));
    await mountDocument();
    await waitFor(".o_scf_panel_offers");
    expect(".o_scf_panel_accept").toHaveCount(0);
    expect(queryAllTexts(".o_scf_panel_why_not")).toEqual([whyNot]);
});

test("repayment has a picture and its text", async () => {
    onRpc("document", "scf_panel", () => ({
        ...ELIGIBLE,
        state: "financed",
        headline: "€ 5,000.00 still to repay",
        indicative: null,
        actions: [],
        loan: {
            id: 3,
            name: "HH-2026-0003",
            state_label: "Running",
            principal: "€ 8,000.00",
            repaid: "€ 3,000.00",
            remaining: "€ 5,000.00",
            repaid_percent: 37.5,
            due_date: "01/08/2027",
            next_step: "The next payment of the buyer repays the rest",
        },
    }));
    await mountDocument();
    await contains(".o_scf_panel_toggle").click();
    expect(".o_scf_panel_progress").toHaveAttribute("aria-valuenow", "37.5");
    expect(".o_scf_panel_progress").toHaveAttribute(
        "aria-valuetext",
        "Repaid € 3,000.00 of € 8,000.00 (37.5 %)"
    );
    expect(".o_scf_panel_loan").toHaveText(/Still to repay: ?€ 5,000\.00/);
});

test("a change announced over the bus is shown and read out", async () => {
    let panel = { ...ELIGIBLE, state: "requested", headline: "2 banks are asked", indicative: null };
    onRpc("document", "scf_panel", () => {
        asyncStep("scf_panel");
        return panel;
    });
    await mountDocument();
    await waitFor(".o_scf_panel_headline");
    await waitForSteps(["scf_panel"]);
    getService("bus_service").addChannel("financing");
    await waitForChannels(["financing"]);

    MockServer.env["bus.bus"]._sendone("financing", "scf_panel", { model: "document", ids: [2] });
    await waitNotifications(["scf_panel", { model: "document", ids: [2] }]);
    await waitForSteps([]);

    panel = OFFERED;
    MockServer.env["bus.bus"]._sendone("financing", "scf_panel", { model: "document", ids: [1] });
    await waitFor(".o_scf_panel_offers");
    await waitForSteps(["scf_panel"]);
    expect(".o_scf_panel [role=status]").toHaveText(/2 banks made an offer/);
});

test("the lights come after the panel, with a shape and a word each", async () => {
    const answer = new Deferred();
    onRpc("document", "scf_panel", () => ELIGIBLE);
    onRpc("document", "scf_panel_lights", () => answer);
    await mountDocument();
    await waitFor(".o_scf_panel_headline");
    expect(".o_scf_lights").toHaveAttribute("aria-busy", "true");
    expect(".o_scf_light").toHaveCount(0);
    answer.resolve(LIGHTS);
    await waitFor(".o_scf_light");
    expect(queryAllTexts(".o_scf_light_word")).toEqual(["Problem", "In order", "Not checked"]);
    expect(".o_scf_light[data-light=authenticity] .fa-times-circle").toHaveCount(1);
    expect(".o_scf_light[data-light=self_liquidation] .fa-check-circle").toHaveCount(1);
    expect(".o_scf_light[data-light=control] .fa-circle-o").toHaveCount(1);
});

test("a light opens its reasons by key or click, one light at a time", async () => {
    onRpc("document", "scf_panel", () => ELIGIBLE);
    onRpc("document", "scf_panel_lights", () => LIGHTS);
    await mountDocument();
    await waitFor(".o_scf_light");
    expect(".o_scf_light_checks").toHaveCount(0);
    await contains(".o_scf_light[data-light=authenticity]").focus();
    await press("Enter");
    await waitFor(".o_scf_light_checks");
    expect(".o_scf_light_checks li").toHaveText(/Problem:\s+Order exists: No sales order stands behind INV\/1\./);
    expect(".o_scf_light[data-light=authenticity]").toHaveAttribute("aria-expanded", "true");
    expect(".o_scf_light_checks").toHaveAttribute(
        "id",
        queryAttribute(".o_scf_light[data-light=authenticity]", "aria-controls")
    );
    await contains(".o_scf_light[data-light=control]").click();
    expect(".o_scf_light[data-light=authenticity]").toHaveAttribute("aria-expanded", "false");
    expect(".o_scf_light_checks").toHaveCount(1);
    await contains(".o_scf_light[data-light=control]").click();
    expect(".o_scf_light_checks").toHaveCount(0);
});

test("lights that fail leave the panel alone and can be asked for again", async () => {
    let isDown = true;
    onRpc("document", "scf_panel", () => ELIGIBLE);
    onRpc("document", "scf_panel_lights", () => {
        if (isDown) {
            throw makeServerError({ message: "The currency is not known." });
        }
        return LIGHTS;
    });
    await mountDocument();
    await waitFor(".o_scf_lights[role=alert]");
    expect(".o_scf_lights[role=alert]").toHaveText(/The currency is not known\./);
    expect(".o_scf_panel_headline").toHaveCount(1);
    isDown = false;
    await contains(".o_scf_lights_retry").click();
    await waitFor(".o_scf_light");
    expect(".o_scf_lights[role=alert]").toHaveCount(0);
});
