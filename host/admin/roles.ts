/** What a token lets its bearer do: everything; everything of one tenant; look at one tenant. */
export const roles = ['operator', 'tenant-admin', 'tenant-reader'] as const

export type Role = (typeof roles)[number]
