// A disk in memory that knows what would be left of it. Files and folders have what a process sees and what is safe; a kill at a
// call ends everything, and what remains can be asked for: all that was issued (the process was killed), what was safe alone
// (the power was lost), or that and a part of the rest (it was lost while the system wrote).

import { posix } from 'node:path'

import { PortcullisError } from '../../host/errors.ts'
import type { Disk, Lock, Name } from '../../host/store/disk.ts'

/** What the disk throws from the call on at which the process is killed. No system's error, and nobody's else. */
export class Kill extends Error {}

interface FileNode {
  bytes: Buffer
  safe: Buffer
}

interface FolderNode {
  names: Map<string, Node>
  safe: Map<string, Node>
}

type Node = FileNode | FolderNode

/** How much of a file's unsafe end, and of a folder's unsafe names, is there after all. */
export interface Loss {
  /** Of unsafe bytes, which prefix is kept. */
  keep(count: number): number
  /**
   * Whether what is not kept of unsafe bytes is gone, or reads as zeros, because the file system knew the length first; `hole`: it is
   * the beginning that does, and the rest is there.
   */
  rest: 'gone' | 'zeros' | 'hole'
  /** Whether a folder's names are as they were seen, or as they were safe. */
  names: 'seen' | 'safe'
}

function isFolder(node: Node): node is FolderNode {
  return 'names' in node
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, errno: -1 })
}

function newFolder(): FolderNode {
  return { names: new Map(), safe: new Map() }
}

export interface Call {
  readonly name: string
  readonly path: string
  /** Of a write: what it was to write. */
  readonly bytes?: Buffer
}

export class MemoryDisk implements Disk {
  readonly root: FolderNode
  /** Every call that changes something, in order. */
  readonly calls: Call[] = []
  /** The call, counted from 0, at which the process is killed, and how much of it still happens if it is a write. */
  killAt = Number.POSITIVE_INFINITY
  killKeeps = 0
  isKilled = false
  /** Throws for a call: a disk that is full, or broken. */
  refuse: ((call: Call) => string | undefined) | undefined
  readonly #locked = new Set<string>()
  readonly #handles = new Map<number, { path: string; file: FileNode }>()
  #nextHandle = 3

  constructor(root: FolderNode = newFolder()) {
    this.root = root
  }

  #begin(call: Call): void {
    if (this.isKilled) throw new Kill('the process is dead')
    if (this.calls.length === this.killAt) {
      this.isKilled = true
      throw new Kill(`killed at ${call.name} ${call.path}`)
    }
    const code = this.refuse?.(call)
    if (code !== undefined) throw systemError(code, call.path)
    this.calls.push(call)
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.root
    for (const name of posix
      .normalize(path)
      .split('/')
      .filter((part) => part !== '')) {
      if (node === undefined || !isFolder(node)) return undefined
      node = node.names.get(name)
    }
    return node
  }

  #folder(path: string): FolderNode {
    const node = this.#find(path)
    if (node === undefined) throw systemError('ENOENT', path)
    if (!isFolder(node)) throw systemError('ENOTDIR', path)
    return node
  }

  #file(path: string): FileNode | undefined {
    const node = this.#find(path)
    if (node !== undefined && isFolder(node)) throw systemError('EISDIR', path)
    return node
  }

  #handle(handle: number): { path: string; file: FileNode } {
    const open = this.#handles.get(handle)
    if (open === undefined) throw new Error(`handle ${handle} is not open`)
    return open
  }

  read(path: string): Buffer | undefined {
    if (this.isKilled) throw new Kill('the process is dead')
    const file = this.#file(path)
    return file && Buffer.from(file.bytes)
  }

  list(path: string): Name[] | undefined {
    if (this.isKilled) throw new Kill('the process is dead')
    const node = this.#find(path)
    if (node === undefined) return undefined
    return [...this.#folder(path).names]
      .map(([name, child]) => ({ name, isFolder: isFolder(child) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  open(path: string, mode: 'new' | 'append' | 'edit'): number {
    this.#begin({ name: `open ${mode}`, path })
    const folder = this.#folder(posix.dirname(path))
    let file = this.#file(path)
    if (file === undefined && mode === 'edit') throw systemError('ENOENT', path)
    if (file === undefined) {
      file = { bytes: Buffer.alloc(0), safe: Buffer.alloc(0) }
      folder.names.set(posix.basename(path), file)
    }
    if (mode === 'new') file.bytes = Buffer.alloc(0)
    const handle = this.#nextHandle++
    this.#handles.set(handle, { path, file })
    return handle
  }

  write(handle: number, bytes: Buffer): void {
    const { path, file } = this.#handle(handle)
    try {
      this.#begin({ name: 'write', path, bytes })
    } catch (error) {
      const isThis = error instanceof Kill && this.killKeeps > 0 && this.calls.length === this.killAt
      if (isThis) file.bytes = Buffer.concat([file.bytes, bytes.subarray(0, this.killKeeps)])
      this.killKeeps = 0
      throw error
    }
    file.bytes = Buffer.concat([file.bytes, bytes])
  }

  truncate(handle: number, length: number): void {
    const { path, file } = this.#handle(handle)
    this.#begin({ name: 'truncate', path })
    file.bytes = Buffer.from(file.bytes.subarray(0, length))
  }

  sync(handle: number): void {
    const { path, file } = this.#handle(handle)
    this.#begin({ name: 'sync', path })
    file.safe = file.bytes
  }

  close(handle: number): void {
    if (this.isKilled) throw new Kill('the process is dead')
    this.#handle(handle)
    this.#handles.delete(handle)
  }

  /** Of handles that are open. */
  get opened(): number {
    return this.#handles.size
  }

  rename(from: string, to: string): void {
    this.#begin({ name: 'rename', path: to })
    const node = this.#find(from)
    if (node === undefined) throw systemError('ENOENT', from)
    const there = this.#find(to)
    if (
      there !== undefined &&
      (isFolder(there) !== isFolder(node) || (isFolder(there) && there.names.size > 0))
    )
      throw systemError('ENOTEMPTY', to)
    this.#folder(posix.dirname(to)).names.set(posix.basename(to), node)
    this.#folder(posix.dirname(from)).names.delete(posix.basename(from))
  }

  unlink(path: string): void {
    this.#begin({ name: 'unlink', path })
    if (this.#file(path) === undefined) throw systemError('ENOENT', path)
    this.#folder(posix.dirname(path)).names.delete(posix.basename(path))
  }

  makeFolder(path: string): void {
    this.#begin({ name: 'makeFolder', path })
    const folder = this.#folder(posix.dirname(path))
    const there = folder.names.get(posix.basename(path))
    if (there === undefined) folder.names.set(posix.basename(path), newFolder())
    else if (!isFolder(there)) throw systemError('ENOTDIR', path)
  }

  removeFolder(path: string): void {
    this.#begin({ name: 'removeFolder', path })
    if (this.#folder(path).names.size > 0) throw systemError('ENOTEMPTY', path)
    this.#folder(posix.dirname(path)).names.delete(posix.basename(path))
  }

  syncFolder(path: string): void {
    this.#begin({ name: 'syncFolder', path })
    const folder = this.#folder(path)
    folder.safe = new Map(folder.names)
  }

  lock(path: string): Lock {
    if (this.isKilled) throw new Kill('the process is dead')
    if (this.#locked.has(path)) throw new PortcullisError('ERR_FILE_LOCKED', path)
    const folder = this.#folder(posix.dirname(path))
    const name = posix.basename(path)
    if (!folder.names.has(name)) folder.names.set(name, { bytes: Buffer.alloc(0), safe: Buffer.alloc(0) })
    this.#locked.add(path)
    const release = () => this.#locked.delete(path)
    return {
      release,
      remove: () => {
        this.unlink(path)
        release()
      },
    }
  }

  /** A disk as it is found by the next process. */
  remaining(loss?: Loss): MemoryDisk {
    return new MemoryDisk(remainingFolder(this.root, loss))
  }
}

function remainingFile({ bytes, safe }: FileNode, loss: Loss | undefined): FileNode {
  // After a process is killed the system still has what it was given, and that is as unsafe as before.
  if (loss === undefined) return { bytes: Buffer.from(bytes), safe: Buffer.from(safe) }
  const isLonger = bytes.length > safe.length && bytes.subarray(0, safe.length).equals(safe)
  if (!isLonger) {
    const left = Buffer.from(loss.names === 'seen' ? bytes : safe)
    return { bytes: left, safe: left }
  }
  const unsafe = bytes.subarray(safe.length)
  const kept = Math.min(Math.max(loss.keep(unsafe.length), 0), unsafe.length)
  const parts = {
    gone: [unsafe.subarray(0, kept)],
    zeros: [unsafe.subarray(0, kept), Buffer.alloc(unsafe.length - kept)],
    hole: [Buffer.alloc(kept), unsafe.subarray(kept)],
  }
  const left = Buffer.concat([safe, ...parts[loss.rest]])
  return { bytes: left, safe: left }
}

function remainingFolder(folder: FolderNode, loss: Loss | undefined): FolderNode {
  const copies = new Map<Node, Node>()
  const copy = (node: Node): Node => {
    const made =
      copies.get(node) ?? (isFolder(node) ? remainingFolder(node, loss) : remainingFile(node, loss))
    copies.set(node, made)
    return made
  }
  const copied = (names: Map<string, Node>) => new Map([...names].map(([name, node]) => [name, copy(node)]))
  if (loss === undefined) return { names: copied(folder.names), safe: copied(folder.safe) }
  const left = loss.names === 'seen' ? folder.names : folder.safe
  const names = copied(left)
  return { names, safe: new Map(names) }
}
