import { waitForChannels } from "@bus/../tests/bus_test_helpers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { press, queryAll, queryAllTexts, waitFor } from "@odoo/hoot-dom";
import { animationFrame, Deferred } from "@odoo/hoot-mock";
import {
    asyncStep,
    contains,
    defineModels,
    defineParams,
    fields,
    getService,
    makeServerError,
    MockServer,
    mockService,
    models,
    mountView,
    mountWithCleanup,
    onRpc,
    waitForSteps,
} from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

class Screen extends models.Model {
    _name = "screen";
    name = fields.Char();
    state = fields.Char();
    summary = fields.Char();
    part_count = fields.Integer();
    settled_count = fields.Integer();
    failed_count = fields.Integer();
    _records = [
        { id: 1, name: "Atlas", state: "running", summary: "1 of 2 requests.", part_count: 2, settled_count: 1 },
        { id: 2, name: "Borealis" },
        { id: 3, name: "Cirrus" },
    ];
}

defineMailModels();
defineModels([Screen]);

const FRAME = {
    visible: true,
    technique: false,
    technique_label: "",
    eligible: null,
    indicative: null,
    reasons: [],
    application: null,
    submissions: [],
    offers: [],
    loan: null,
    next_step: "",
    actions: [],
};
const OPEN_LIST = { type: "ir.actions.act_window", res_model: "screen", views: [[false, "list"]] };
const OVERVIEW = {
    ...FRAME,
    state: "eligible",
    headline: "You could receive € 8,000.00 today",
    subline: "on what is open with Atlas",
    rows: [
        {
            key: "invoices",
            label: "Customer invoices: 2 can be financed",
            value: "€ 8,000.00",
            detail: "about € 66.00",
            progress: null,
            action: OPEN_LIST,
        },
        {
            key: "loan",
            label: "FIN/7 · Financed",
            value: "€ 4,000.00 received",
            detail: "",
            progress: { percent: 25, text: "Repaid € 1,000.00 of € 4,000.00" },
            action: null,
        },
    ],
};

// -- the panel on a screen that is no document ---------------------------------------------------------------------

function mountOverview() {
    const arch = `<form><sheet><field name="name"/><widget name="scf_overview"/></sheet></form>`;
    return mountView({ type: "form", resModel: "screen", resId: 1, arch });
}

test("a screen without documents shows no frame before there is something to say", async () => {
    const answer = new Deferred();
    onRpc("screen", "scf_panel", () => answer);
    await mountOverview();
    await animationFrame();
    expect(".o_scf_panel").toHaveCount(0);
    answer.resolve({ visible: false });
    await animationFrame();
    expect(".o_scf_panel").toHaveCount(0);
});

test("an overview tells rows with their progress, asks for no lights, and opens what a row leads to", async () => {
    onRpc("screen", "scf_panel", () => OVERVIEW);
    onRpc("screen", "scf_panel_lights", () => asyncStep("lights"));
    mockService("action", { doAction: (action) => asyncStep(`open ${action.res_model}`) });
    await mountOverview();
    await waitFor(".o_scf_panel_headline");
    await contains(".o_scf_panel_toggle").click();
    expect(queryAllTexts(".o_scf_panel_row_label")).toEqual([
        "Customer invoices: 2 can be financed",
        "FIN/7 · Financed",
    ]);
    expect("[data-row=loan] [role=progressbar]").toHaveAttribute("aria-valuenow", "25");
    expect("[data-row=loan] button").toHaveCount(0);
    await contains("[data-row=invoices] button").click();
    await waitForSteps(["open screen"]);
});

// -- the column of a list ------------------------------------------------------------------------------------------

const LIST = `<list><field name="name"/><field name="id" widget="scf_financing" string="Financing" optional="hide"/></list>`;

test("a hidden column asks for nothing; shown, it asks once for all rows", async () => {
    onRpc("screen", "scf_list_cells", ({ args }) => {
        asyncStep(`cells of ${args[0]}`);
        return {
            1: { state: "financeable", label: "Can be financed", amount: "€ 80.00", application_id: false },
            3: { state: "financed", label: "Financed", amount: "€ 90.00", application_id: 5 },
        };
    });
    mockService("action", {
        doAction: (action) => asyncStep(`open ${action.res_model} ${action.res_id}`),
    });
    await mountView({ type: "list", resModel: "screen", arch: LIST });
    await waitForSteps([]);
    await contains(".o_optional_columns_dropdown button").click();
    await contains(".o-dropdown--menu input[name=id]").click();
    await waitFor(".o_scf_financing");
    await waitForSteps(["cells of 1,2,3"]);
    expect(queryAllTexts("td[name=id]")).toEqual(["Can be financed € 80.00", "", "Financed € 90.00"]);
    expect(queryAll("td[name=id] .fa").length).toBe(2, { message: "a shape beside each word" });
    await contains("td[name=id] button").click();
    await waitForSteps(["open scf.application 5"]);
});

// -- bulk progress -------------------------------------------------------------------------------------------------

test("bulk progress follows the job over the bus", async () => {
    const arch = `<form><sheet><widget name="scf_bulk_progress"/></sheet></form>`;
    await mountView({ type: "form", resModel: "screen", resId: 1, arch });
    getService("bus_service").addChannel("financing");
    await waitForChannels(["financing"]);
    expect(".o_scf_bulk_progress [role=progressbar]").toHaveAttribute("aria-valuetext", "1 of 2 requests");
    expect(".o_scf_bulk_progress").toHaveText(/You may leave this page/);

    MockServer.env["screen"].write([1], { state: "done", settled_count: 2, summary: "2 of 2 requests." });
    MockServer.env["bus.bus"]._sendone("financing", "scf_panel", { model: "screen", ids: [1] });
    await waitFor(".o_scf_bulk_progress[data-state=done]");
    expect(".o_scf_bulk_progress").toHaveText("2 of 2 requests.");
});

// -- home ----------------------------------------------------------------------------------------------------------

const HOME = {
    visible: true,
    companies: [],
    first_steps: [],
    draw: [
        {
            key: "customer_invoice_1_1",
            kind: "customer_invoice",
            label: "Customer invoices",
            company: "Copper & Cast",
            currency: "EUR",
            count: 3,
            amount: "€ 12,000.00",
            detail: "about € 218.00 (8.10 % a year) at Hansa",
            draw: { ...OPEN_LIST, res_model: "scf.reach" },
            list: OPEN_LIST,
        },
    ],
    why_nothing: "",
    due: [
        { code: "overdue", label: "Overdue", tone: "danger", amounts: ["€ 50.00"], count: 1, action: OPEN_LIST },
        { code: "week", label: "Due in 7 days", tone: "muted", amounts: [], count: 0, action: null },
    ],
    warnings: [{ id: 5, name: "L-5", bank: "Rhône", sentences: ["€ 60.00 is missing.", "Remind the buyers."] }],
    buckets: [
        {
            currency: "EUR",
            rows: [
                {
                    code: "late_30",
                    label: "1 to 30 days",
                    is_late: true,
                    count: 1,
                    amount: "€ 50.00",
                    percent: 100,
                    action: OPEN_LIST,
                },
                {
                    code: "late_60",
                    label: "31 to 60 days",
                    is_late: true,
                    count: 0,
                    amount: "",
                    percent: 0,
                    action: null,
                },
            ],
        },
    ],
    payoffs: [
        { code: "late", label: "Later than due", tone: "warning", count: 2, amounts: ["€ 80.00"], action: OPEN_LIST },
    ],
    attention: [
        { code: "offers", count: 2, label: "Requests with offers to compare: 2", tone: "warning", action: OPEN_LIST },
    ],
    lines: [
        {
            key: "line_3",
            company: "Copper & Cast",
            title: "Line at Hansa",
            amount: "€ 4,000.00",
            detail: "can be drawn: € 6,000.00 of € 10,000.00 is used",
            why_not: "",
            picture: {
                summary: "€ 6,000.00 of € 10,000.00 is used, € 4,000.00 can be drawn.",
                parts: [
                    { code: "used", label: "Used", amount: "€ 6,000.00", percent: 60 },
                    { code: "available", label: "Available", amount: "€ 4,000.00", percent: 40 },
                ],
            },
            draw: OPEN_LIST,
            open: OPEN_LIST,
        },
    ],
    banks: [
        {
            id: 1,
            name: "Hansa",
            company: "Copper & Cast",
            state: "connected",
            state_label: "Connected",
            is_open: true,
            is_away: false,
            owed: [{ count: 1, amount: "€ 50.00" }],
            lends: [{ label: "Invoice finance", largest: "€ 250,000.00" }],
        },
    ],
    loans: [
        {
            id: 4,
            name: "L-4",
            bank: "Hansa",
            is_overdue: true,
            percent: 75,
            repaid: "€ 150.00",
            principal: "€ 200.00",
            remaining: "€ 50.00",
            due_date: "11/01/2026",
        },
    ],
    more_loans: 0,
    weeks: [
        {
            currency: "EUR",
            weeks: [
                {
                    label: "23 Nov",
                    span: "23 Nov to 29 Nov",
                    amount: "",
                    overdue: "€ 50.00",
                    percent: 0,
                    overdue_percent: 100,
                },
            ],
        },
    ],
    news: [],
};

async function openHome(answer) {
    onRpc("scf.home", "scf_home", () => {
        asyncStep("read home");
        return typeof answer === "function" ? answer() : answer;
    });
    await mountWithCleanup(WebClient);
    await getService("action").doAction({ type: "ir.actions.client", tag: "scf_home" });
}

test("home shows what can be drawn, is due and waits, in words beside each colour", async () => {
    await openHome(HOME);
    await waitFor(".o_scf_home_draw article");
    await waitForSteps(["read home"]);
    expect(".o_scf_home_draw .o_scf_home_amount").toHaveText("€ 12,000.00");
    expect("[data-line=line_3]").toHaveText(/Line at Hansa\n€ 4,000.00/);
    expect("[data-line=line_3] [role=img]").toHaveAttribute("aria-label", HOME.lines[0].picture.summary);
    expect("[data-due=overdue]").toHaveText(/Overdue\n€ 50.00\n1 loan/);
    expect("[data-due=week]").toHaveText(/Nothing/);
    expect(".o_scf_home_week").toHaveText(/overdue: € 50.00/);
    expect(".o_scf_home_loan .badge").toHaveText("Overdue");
    expect(".o_scf_home_loan [role=progressbar]").toHaveAttribute("aria-valuenow", "75");
    expect("[data-matter=offers]").toHaveText("Requests with offers to compare: 2");
    expect(".o_scf_home_warning").toHaveText(/L-5\nRhône\n€ 60.00 is missing.\nRemind the buyers./);
    expect("[data-bucket=late_30]").toHaveText(/1 to 30 days\n€ 50.00 1 loan/);
    expect("[data-bucket=late_60]").toHaveText(/nothing/);
    expect("[data-payoff=late]").toHaveText("Later than due\n€ 80.00\n2 loans");
});

test("home is worked by keyboard", async () => {
    await openHome(HOME);
    await waitFor(".o_scf_home_draw article");
    await waitForSteps(["read home"]);
    mockService("action", { doAction: (action) => asyncStep(`open ${action.res_model}`) });
    queryAll(".o_scf_home_card button")[0].focus();
    expect(document.activeElement).toHaveText(/Draw/);
    expect(queryAll(".o_scf_home_page button").every((button) => button.tabIndex === 0)).toBe(true);
    await press("Tab");
    expect(document.activeElement).toHaveText(/Choose in the list/);
});

test("an empty home says the first step", async () => {
    await openHome({
        ...HOME,
        draw: [],
        due: [],
        warnings: [],
        buckets: [],
        payoffs: [],
        attention: [],
        lines: [],
        banks: [],
        loans: [],
        weeks: [],
        why_nothing: "First, what is listed above has to be done.",
        first_steps: [
            { code: "bank", sentence: "Connect a bank.", action: { ...OPEN_LIST, name: "Banks" } },
            { code: "accounts", sentence: "Create the accounts.", action: null },
        ],
    });
    await waitFor(".o_scf_home_steps");
    await waitForSteps(["read home"]);
    expect(queryAllTexts(".o_scf_home_steps li button")).toEqual(["Banks"]);
    expect("[data-step=accounts]").toHaveText(/Ask your administrator/);
    expect(".o_scf_home_due").toHaveCount(0);
    expect(".o_scf_home_attention").toHaveText(/Nothing waits for you/);
});

test("a home that can't be read says so and is read again", async () => {
    let isDown = true;
    await openHome(() => {
        if (isDown) {
            throw makeServerError({ message: "The terms of a bank could not be read." });
        }
        return HOME;
    });
    await waitFor(".o_scf_home [role=alert]");
    expect(".o_scf_home [role=alert]").toHaveText(/The terms of a bank could not be read\./);
    isDown = false;
    await contains(".o_scf_home [role=alert] button").click();
    await waitFor(".o_scf_home_draw article");
    await waitForSteps(["read home", "read home"]);
});

const PICTURE = {
    summary: "€ 8,084.00 is to be paid by 01/06/2027. € 3,000.00 came in so far.",
    lines: {
        due: [
            [0, 0],
            [80, 0],
            [80, 81],
            [100, 81],
        ],
        real: [
            [0, 0],
            [40, 30],
        ],
        expected: [
            [40, 30],
            [90, 90],
        ],
        early: [
            [40, 30],
            [70, 90],
        ],
        late: [
            [40, 30],
            [100, 90],
        ],
        owed: [],
    },
    today: { at: 40, label: "11/23/2026" },
    scale: [
        { at: 0, label: "€ 0" },
        { at: 100, label: "€ 10,000" },
    ],
    marks: [
        { at: 0, label: "1 Nov" },
        { at: 100, label: "1 Feb" },
    ],
    rows: [
        { day: "11/23/2026", is_today: true, due: "€ 0.00", real: "€ 3,000.00", expected: "", owed: "€ 5,056.00" },
        { day: "01/06/2027", is_today: false, due: "€ 8,084.00", real: "", expected: "€ 9,000.00", owed: "" },
    ],
};

class Loan extends models.Model {
    _name = "loan";
    picture = fields.Json();
    _records = [{ id: 1, picture: PICTURE }];
}
defineModels([Loan]);

async function openPicture() {
    await mountView({
        type: "form",
        resModel: "loan",
        resId: 1,
        arch: `<form><field name="picture" widget="scf_loan_picture"/></form>`,
    });
}

test("the course of a loan is drawn, said and told as a table", async () => {
    await openPicture();
    expect(".o_scf_loan_picture_plot").toHaveAttribute("aria-label", PICTURE.summary);
    expect(".o_scf_loan_picture figcaption").toHaveText(PICTURE.summary);
    expect(".o_scf_loan_picture_plot .o_scf_loan_picture_due").toHaveAttribute("points", "0,100 80,100 80,19 100,19");
    expect(".o_scf_loan_picture_plot .o_scf_loan_picture_band").toHaveAttribute("points", "40,70 70,10 100,10 40,70");
    expect(".o_scf_loan_picture_plot .o_scf_loan_picture_owed").toHaveCount(0);
    expect(queryAllTexts(".o_scf_loan_picture_legend li")).toEqual([
        "To be paid by then",
        "Came in",
        "Expected, from how these buyers pay",
        "If they pay in time, or later still",
        "Today",
    ]);
    await contains(".o_scf_loan_picture summary").click();
    expect(queryAllTexts(".o_scf_loan_picture tbody th")).toEqual(["11/23/2026 (today)", "01/06/2027"]);
});

test("the course of a loan runs with the script", async () => {
    defineParams({ lang_parameters: { direction: "rtl" } });
    await openPicture();
    expect(".o_scf_loan_picture_plot .o_scf_loan_picture_real").toHaveAttribute("points", "100,100 60,70");
    expect(".o_scf_loan_picture_plot .o_scf_loan_picture_today").toHaveAttribute("x1", "60");
});
