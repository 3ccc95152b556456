import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { queryAllTexts, waitFor } from "@odoo/hoot-dom";
import { animationFrame, Deferred } from "@odoo/hoot-mock";
import {
    asyncStep,
    contains,
    defineModels,
    fields,
    mockService,
    models,
    mountView,
    onRpc,
    waitForSteps,
} from "@web/../tests/web_test_helpers";

class Quant extends models.Model {
    _name = "quant";
    name = fields.Char();
    _records = [
        { id: 1, name: "Copper" },
        { id: 2, name: "Sand" },
        { id: 3, name: "Gravel" },
    ];
}

defineMailModels();
defineModels([Quant]);

const HINT = { pledge_id: 7, text: "8 kg pledged to Hansa in WH/Stock" };
const FORM = `<form><sheet><widget name="scf_pledge_hint"/><field name="name"/></sheet></form>`;
const LIST = `<list><field name="name"/><field name="id" widget="scf_pledge_hint" string="Pledged"/></list>`;

test("the form is on screen before the hint is answered", async () => {
    const answer = new Deferred();
    onRpc("scf.pledge", "scf_hints", () => answer);
    await mountView({ type: "form", resModel: "quant", resId: 1, arch: FORM });
    expect(".o_field_widget[name=name]").toHaveCount(1);
    expect(".o_widget_scf_pledge_hint .alert").toHaveCount(0);
    answer.resolve({ 1: [HINT] });
    await waitFor(".o_widget_scf_pledge_hint .alert");
    expect(".o_widget_scf_pledge_hint .alert").toHaveText(/8 kg pledged to Hansa in WH\/Stock/);
});

test("where nothing is pledged nothing is drawn", async () => {
    onRpc("scf.pledge", "scf_hints", () => ({}));
    await mountView({ type: "form", resModel: "quant", resId: 1, arch: FORM });
    await animationFrame();
    expect(".o_widget_scf_pledge_hint .alert").toHaveCount(0);
});

test("a list asks once for all its rows, and opens the pledge", async () => {
    onRpc("scf.pledge", "scf_hints", ({ args }) => {
        asyncStep(`hints of ${args[0]} ${args[1]}`);
        return { 2: [HINT] };
    });
    mockService("action", {
        doAction: (action) => asyncStep(`open ${action.res_model} ${action.res_id}`),
    });
    await mountView({ type: "list", resModel: "quant", arch: LIST });
    await waitFor("td .fa-lock");
    expect(queryAllTexts("td[name=id]")).toEqual(["", HINT.text, ""]);
    await contains("td[name=id] button").click();
    await waitForSteps(["hints of quant 1,2,3", "open scf.pledge 7"]);
});
