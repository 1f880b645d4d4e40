// The numbers that a result record is made of. A Decision and a Quota are such records themselves: their
// fields, in the order in which they are declared, are the 32 bytes that the host reads at the object's own
// address.

/** The bytes `PCRR`. */
export const recordMagic: u32 = 0x52524350

export const recordBytes: usize = 32

export const allowKind: u16 = 1
export const denyKind: u16 = 2
export const redirectKind: u16 = 3
export const quotaKind: u16 = 4

/** Bit 0 of the flags, with allow only. */
export const administratorFlag: u16 = 1

/** The host reads no more of a reason or of a redirect's target; in UTF-16 units. */
export const textUnitsMax: i32 = 512
