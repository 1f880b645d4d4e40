/**
 * `portcullis/testing`: loads a compiled policy in a test runner such as vitest, and asks its functions questions that
 * are written as in vectors.jsonl. For a policy's author only: what is loaded here runs without limits, on a module that
 * they have compiled themselves. A host never loads a policy this way.
 */

export type { Answer, AskedQuestion, PolicyOptions, PolicyUnderTest } from './policy-under-test.ts'
export { loadPolicy } from './policy-under-test.ts'
export type { TestVector } from './read-vectors.ts'
export { readVectors } from './read-vectors.ts'
