export async function demo(_: { stay?: boolean }): Promise<void> {}
