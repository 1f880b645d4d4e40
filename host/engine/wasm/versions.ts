/**
 * What a record of a metered module names, so that what another version has admitted is admitted again. Nothing of the engine is
 * here: whoever reads such records runs no policy.
 */

/** Counted up with every change of what is written for the same upload and the same costs. */
export const REWRITER_VERSION = 1

/** Counted up with every change of a cost (costs.ts). */
export const COST_TABLE_VERSION = 1

/** Both, as reports and the store have it. */
export const rewriter = `${REWRITER_VERSION}.${COST_TABLE_VERSION}`
