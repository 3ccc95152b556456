/**
 * Ask the server once for all records of a model that are asked about in the same moment: a list makes one call.
 *
 * @param {(resModel: string, ids: number[]) => Promise<Object>} ask gives the answers by id
 * @returns {(resModel: string, resId: number) => Promise<any>} gives one record's answer; undefined where it has none
 */
export function askTogether(ask) {
    const waiting = new Map();

    async function askAll(resModel) {
        await Promise.resolve();
        const { ids } = waiting.get(resModel);
        waiting.delete(resModel);
        return ask(
            resModel,
            [...ids].sort((a, b) => a - b)
        );
    }

    return async (resModel, resId) => {
        if (!waiting.has(resModel)) {
            const batch = { ids: new Set() };
            waiting.set(resModel, batch);
            batch.answer = askAll(resModel);
        }
        const batch = waiting.get(resModel);
        batch.ids.add(resId);
        return (await batch.answer)[resId];
    };
}
