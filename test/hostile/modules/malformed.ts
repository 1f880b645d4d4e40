// Files that are no module, or not quite: cut, damaged, in the wrong order, with numbers that say one thing to one reader and
// another to the next. There is one way to read a module, and what cannot be read in it is refused.

import { type Hostile, harmless, refused } from '../hostile.ts'
import {
  damaged,
  END,
  honestSections,
  I32,
  id,
  joined,
  list,
  named,
  rearranged,
  replacing,
  type Section,
  section,
  sized,
  write,
} from '../sections.ts'

const malformed = refused('ERR_MODULE_MALFORMED')

function file(name: string, cheats: string, bytes: () => Uint8Array<ArrayBuffer>, must = malformed): Hostile {
  return { name: `malformed-${name}`, cheats, bytes, must }
}

function plain(text: string): () => Uint8Array<ArrayBuffer> {
  return () => Uint8Array.from(Buffer.from(text, 'latin1'))
}

/** The first bytes of an honest policy, up to a section and some bytes more. */
function cut(name: string, cheats: string, until: number, more: number): Hostile {
  return file(`cut-${name}`, cheats, () => {
    const before = write(honestSections().filter((one) => one.id < until))
    return Uint8Array.from(damaged((bytes) => bytes.slice(0, before.length + more))())
  })
}

function sections(
  name: string,
  cheats: string,
  change: (given: Section[]) => Section[],
  must = malformed,
): Hostile {
  return file(name, cheats, rearranged(change), must)
}

function other(
  name: string,
  cheats: string,
  number: number,
  content: readonly number[],
  must = malformed,
): Hostile {
  return file(name, cheats, replacing({ id: number, content }), must)
}

const at = (given: Section[], number: number) => given.findIndex((one) => one.id === number)
const exportOf = (nameBytes: readonly number[]) => list([[...sized(nameBytes), 0, 0]])

export const malformedFiles: readonly Hostile[] = [
  file('text', 'is the text of a module', plain('(module)')),
  file('page', 'is a web page', plain('<!doctype html><script>alert(1)</script>')),
  file('program', 'is a Windows program', plain('MZ\x90\x00\x03\x00\x00\x00')),
  file('archive', 'is a compressed module', plain('\x1f\x8b\x08\x00\x00\x00\x00\x00')),
  file('zeros', 'is 1,000 zeros', plain('\0'.repeat(1000))),
  file(
    'other-version',
    'is of version 2',
    damaged((bytes) => joined(bytes.slice(0, 4), [2], bytes.slice(5))),
  ),
  file(
    'other-magic',
    'begins with a module that is not at its beginning',
    damaged((bytes) => joined([0], bytes)),
  ),
  cut('in-header', 'ends in the middle of its version', 0, 6),
  cut('behind-section-number', 'ends behind the number of a section', id.import, 1),
  cut('in-section-size', 'ends in the middle of its exports', id.export, 10),
  cut('in-code', 'ends in the middle of a function', id.code, 9),
  file(
    'cut-last-byte',
    'lacks its last byte',
    damaged((bytes) => bytes.slice(0, -1)),
  ),
  file(
    'trailing-byte',
    'has a byte behind its last section',
    damaged((bytes) => joined(bytes, [0x0b])),
  ),
  file(
    'trailing-module',
    'has a second module behind the first',
    damaged((bytes) => joined(bytes, bytes)),
  ),
  sections('twice', 'has its functions twice', (given) =>
    given.toSpliced(at(given, id.function), 0, section(id.function, 0)),
  ),
  sections('out-of-order', 'has its memory before its functions', (given) => {
    const index = at(given, id.memory)
    return [given[0], given[index], ...given.slice(1).filter((one) => one.id !== id.memory)] as Section[]
  }),
  sections(
    'memory-after-code',
    'declares its memory behind the code that uses it',
    (given) => {
      const index = at(given, id.memory)
      return [...given.toSpliced(index, 1), given[index] as Section]
    },
    refused('ERR_MODULE_INDEX'),
  ),
  sections('unknown-section', 'has a section of a number that there is not', (given) => [
    ...given,
    section(14, 0),
  ]),
  sections('section-of-255', 'has a section 255', (given) => [...given, section(255, 0)]),
  sections('nameless-custom', 'has a custom section without a name', (given) => [...given, section(0)]),
  sections('custom-name-beyond', 'has a custom section whose name goes over its end', (given) => [
    ...given,
    section(0, 9, 65),
  ]),
  sections('no-code', 'has functions and no code', (given) => given.filter((one) => one.id !== id.code)),
  sections(
    'no-functions',
    'has code and no functions',
    (given) => given.filter((one) => one.id !== id.function),
    refused('ERR_MODULE_INDEX'),
  ),
  other('fewer-bodies', 'has fewer bodies than functions', id.code, list([sized([0, 0x41, 0, END])])),
  other('more-functions', 'has more functions than bodies', id.function, list([[0], [1], [2], [3], [0]])),
  other(
    'fewer-functions',
    'has fewer functions than bodies',
    id.function,
    list([[0], [1], [2]]),
    refused('ERR_MODULE_INDEX'),
  ),
  other('section-goes-on', 'has a byte behind its memory', id.memory, [1, 1, 1, 2, 0]),
  other('maximum-below', 'has a memory whose maximum is below its minimum', id.memory, [1, 1, 2, 1]),
  other('maximum-beyond', 'has a memory of at most 65,537 pages', id.memory, [1, 1, 1, 0x81, 0x80, 4]),
  other('limits-unknown', 'has limits of a kind that there is not', id.memory, [1, 0x10, 1]),
  other('data-count', 'says that it has 7 data segments', id.dataCount, [7]),
  other('data-beyond', 'has data of 4,294,967,295 bytes', id.data, [
    1,
    0,
    0x41,
    0,
    END,
    0xff,
    0xff,
    0xff,
    0xff,
    0x0f,
  ]),
  other(
    'name-beyond',
    'has an export whose name has 4,294,967,295 bytes',
    id.export,
    [1, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ),
  other('name-not-utf8', 'has an export whose name is not UTF-8', id.export, exportOf([0xff, 0xfe])),
  other(
    'name-overlong',
    'has an export whose name has a character in too many bytes',
    id.export,
    exportOf([0xc1, 0xa1]),
  ),
  other(
    'name-half-character',
    'has an export whose name is half of a surrogate pair',
    id.export,
    exportOf([0xed, 0xa0, 0x80]),
  ),
  other(
    'name-cut-character',
    'has an export whose name ends in the middle of a character',
    id.export,
    exportOf([0xe7, 0xae]),
  ),
  other(
    'export-twice',
    'exports two things under one name',
    id.export,
    list([
      [...named('authzUser'), 0, 0],
      [...named('authzUser'), 0, 1],
    ]),
  ),
  other(
    'export-of-no-kind',
    'exports something of a kind that there is not',
    id.export,
    list([[...named('x'), 7, 0]]),
  ),
  other('mutability', 'has a global that is neither constant nor mutable', id.global, [
    1,
    I32,
    4,
    0x41,
    0,
    END,
  ]),
  other('type-form', 'has a type of a form that there is not', id.type, [1, 0x40, 0, 0]),
  other('value-type', 'has a parameter of a type that there is not', id.type, [1, 0x60, 1, 0x7a, 0]),
  other(
    'count-overlong',
    'writes a number in six bytes',
    id.memory,
    [0x81, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 2],
  ),
  other(
    'count-unused-bits',
    'sets bits of a number beyond its 32',
    id.memory,
    [0x81, 0x80, 0x80, 0x80, 0x10, 1, 1, 2],
  ),
  other(
    'count-in-five-bytes',
    'writes a 1 in five bytes, which is allowed',
    id.memory,
    [0x81, 0x80, 0x80, 0x80, 0, 1, 1, 2],
    harmless(),
  ),
]
