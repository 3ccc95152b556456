import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { getFieldDomain } from "@web/model/relational_model/utils";
import { useSpecialData } from "@web/views/fields/relational_utils";
import {
    Many2ManyCheckboxesField,
    many2ManyCheckboxesField,
} from "@web/views/fields/many2many_checkboxes/many2many_checkboxes_field";

/** Connected banks as checkboxes, each with what it publishes for the technique of the application. */
export class ScfBankChoice extends Many2ManyCheckboxesField {
    static template = "scf_finance.ScfBankChoice";

    setup() {
        super.setup();
        this.profiles = useSpecialData(async (orm, props) => {
            const domain = getFieldDomain(props.record, props.name, props.domain);
            const banks = await orm.call("scf.bank", "search_read", [domain, ["profile"]]);
            return Object.fromEntries(banks.map((bank) => [bank.id, bank.profile]));
        });
    }

    technique(bankId) {
        const { technique } = this.props.record.data;
        return this.profiles.data[bankId]?.techniques?.find(({ code }) => code === technique);
    }

    /** The published terms as one line, e.g. "about 7.90 % a year + 0.50 % fee · up to 85.00 % · 10 to 180 days". */
    terms(bankId) {
        const technique = this.technique(bankId);
        if (!technique) {
            return _t("does not publish terms for this kind of financing");
        }
        const values = {
            rate: technique.indicative_rate_pa,
            fee: technique.indicative_fee_percent,
            advance: technique.max_advance_rate,
            from: technique.min_tenor_days,
            to: technique.max_tenor_days,
        };
        if (values.rate === undefined || values.rate === null) {
            return _t("up to %(advance)s % of the document · %(from)s to %(to)s days", values);
        }
        return _t(
            "about %(rate)s % a year + %(fee)s % fee · up to %(advance)s % of the document · %(from)s to %(to)s days",
            values
        );
    }
}

export const scfBankChoice = {
    ...many2ManyCheckboxesField,
    component: ScfBankChoice,
    displayName: _t("Banks with their published terms"),
    fieldDependencies: [{ name: "technique", type: "selection" }],
};

registry.category("fields").add("scf_bank_choice", scfBankChoice);
