/** When a sweep's questions are asked unless somebody says otherwise: always the same, so that a difference can be seen again. */
export const defaultSweepTime = '2026-01-01T12:00:00Z'
