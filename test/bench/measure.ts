// Small tools of the benchmark. Machines are noisy: single figures are medians, and what is claimed is a ratio of two things
// that took turns in one run.

export function medianOf(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** Microseconds of the median round, after as many rounds to warm up. */
export function medianUs(run: () => void, rounds: number): number {
  const times: number[] = []
  for (let round = 0; round < 2 * rounds; round++) {
    const started = process.hrtime.bigint()
    run()
    if (round >= rounds) times.push(Number(process.hrtime.bigint() - started) / 1000)
  }
  return medianOf(times)
}
