// What a system must offer for the contract's cases to be run on it. Everything that differs between Linux and Windows
// is behind this interface, one file for each system; the cases, the sites and the players know none of it.

import type { ChildProcess } from 'node:child_process'

import type { LogEntry } from '../../host/cli/serve-process.ts'
import type { System } from './case.ts'

/** Which build of the plug-in: the one that is shipped, or the one with native/probes in it. */
export type Build = 'product' | 'probed'

/** What the tables of a library say. */
export interface Tables {
  /** Sorted, as the file spells them. */
  readonly exports: readonly string[]
  /** Sorted names of all functions and variables that it needs from elsewhere. */
  readonly imports: readonly string[]
  /** The libraries that it names. */
  readonly libraries: readonly string[]
}

/** A real `portcullis serve`; ServeProcess is one. */
export interface HostProcess {
  /** Its log so far. */
  readonly entries: readonly LogEntry[]
  entry(fits: (entry: LogEntry) => boolean, withinMs: number): Promise<LogEntry | undefined>
  /** Resolves when it serves; rejects with its log if it does not. */
  serving(): Promise<void>
  kill(signal: 'SIGKILL'): void
  /** Ends it as an operator does; its exit status. */
  close(): Promise<number | null>
  ended(): Promise<number | null>
}

export interface Runner {
  readonly system: System

  /** The account that the processes of a test run as, as settings and configuration spell it. */
  account(): string

  /**
   * The endpoint for a site that owns `folder`, as settings and configuration spell it: a folder on Linux, which must
   * exist; on Windows a pipe name that no other site has. Created when it is asked for.
   */
  makeEndpoint(folder: string): string

  /** Copies the plug-in into `folder` under the name that it is shipped with. Returns the path that a driver loads. */
  installPlugin(folder: string, build: Build): string

  /**
   * Starts native/driver with these arguments. Standard input, output and error are pipes; text is UTF-8, lines end
   * with \n or \r\n. The path of a plug-in comes from installPlugin.
   */
  startDriver(args: readonly string[]): ChildProcess

  startHost(configPath: string): HostProcess

  /** Ends, stops or continues a process of the host by the number that the log gives for it. */
  signal(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void

  /** Of the product. */
  tables(library: 'portcullis' | 'portcullis_io'): Tables

  /** What the system counts for a connection of the plug-in: on Windows a pipe, and an event for each way and for giving up. */
  readonly handlesPerConnection: number

  /** The names that the ABI's three completions are imported from, as `Tables.libraries` spells them. */
  readonly winrmLibrary: string

  /**
   * Compiles native/wsman/wsman_types.h alone, for this system's x64 or with pointers of four bytes. Returns what the
   * compiler complained about, empty if nothing.
   */
  compileTypes(pointerBytes: 4 | 8): string
}
