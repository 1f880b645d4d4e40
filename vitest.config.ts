// One process for each test file: the plug-in, its settings file and the double are one per process.

import { defineConfig } from 'vitest/config'

// Questions that overlap each take a thread of libuv's pool; four, the default, would hide every queue. Read when a
// process starts, so it has to be in the environment that the test processes inherit.
process.env.UV_THREADPOOL_SIZE = '128'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/wine-end.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
