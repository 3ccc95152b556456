import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useSpecialData } from "@web/views/fields/relational_utils";
import {
    Many2ManyCheckboxesField,
    many2ManyCheckboxesField,
} from "@web/views/fields/many2many_checkboxes/many2many_checkboxes_field";

/** Sections of a package as checkboxes, each with what the bank reads in it; those that the bank asks for are marked. */
export class ScfSectionChoice extends Many2ManyCheckboxesField {
    static template = "scf_finance.ScfSectionChoice";

    setup() {
        super.setup();
        this.sections = useSpecialData(async (orm) => {
            const sections = await orm.call("scf.section", "search_read", [[], ["code", "sentence"]]);
            return Object.fromEntries(sections.map((section) => [section.id, section]));
        });
    }

    sentence(sectionId) {
        return this.sections.data[sectionId]?.sentence;
    }

    isAsked(sectionId) {
        return (this.props.record.data.asked_sections || []).includes(this.sections.data[sectionId]?.code);
    }
}

export const scfSectionChoice = {
    ...many2ManyCheckboxesField,
    component: ScfSectionChoice,
    displayName: _t("Sections of a package with what a bank reads in them"),
    fieldDependencies: [{ name: "asked_sections", type: "json" }],
};

registry.category("fields").add("scf_section_choice", scfSectionChoice);
