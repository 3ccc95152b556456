import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";

import { onMounted, onWillUnmount, useComponent } from "@odoo/owl";

/**
 * Call `load(record)` of a widget once the form is on screen, and again after each load and save of its record.
 */
export function useAfterForm(load) {
    const component = useComponent();
    let isMounted = false;
    useRecordObserver((record, props) => {
        // The data object is replaced by each load and save, never by typing.
        record.data;
        if (isMounted) {
            load(props.record);
        }
    });
    onMounted(() => {
        isMounted = true;
        load(component.props.record);
    });
}

/** Call `load(record)` whenever the server says over the bus that the financing of the widget's record has changed. */
export function useFinancingNews(load) {
    const component = useComponent();
    const busService = useService("bus_service");
    const onNews = ({ model, ids }) => {
        const { record } = component.props;
        if (model === record.resModel && ids.includes(record.resId)) {
            load(record);
        }
    };
    onMounted(() => busService.subscribe("scf_panel", onNews));
    onWillUnmount(() => busService.unsubscribe("scf_panel", onNews));
}

/** What a widget says in place of its content when the server could not be asked; throws on anything else. */
export function errorSentence(error) {
    if (error instanceof RPCError) {
        return error.data?.message || error.message;
    }
    if (error instanceof ConnectionLostError) {
        return _t("The connection to the server was lost.");
    }
    throw error;
}
