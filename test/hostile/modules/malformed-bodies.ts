// Functions that are none, or not quite: numbers in too many bytes, blocks that do not match, instructions that there are not, and
// operands of the wrong types. The first are for the parser to refuse, the last for the engine.

import { type Hostile, harmless, refused } from '../hostile.ts'
import { END, withUser } from '../sections.ts'

const malformed = refused('ERR_MODULE_MALFORMED')

function body(name: string, cheats: string, code: readonly number[], must = malformed): Hostile {
  return { name: `malformed-${name}`, cheats, bytes: withUser(code), must }
}

export const malformedBodies: readonly Hostile[] = [
  body(
    'constant-unused-bits',
    'has a constant whose unused bits are not its sign',
    [0x41, 0x80, 0x84, 0x80, 0x80, 0x40],
  ),
  body('constant-overlong', 'has a constant in six bytes', [0x41, 0x80, 0x84, 0x80, 0x80, 0x80, 0]),
  body('constant-of-64-bits', 'has a 64-bit constant in eleven bytes', [
    0x42,
    ...Array(10).fill(0x80),
    0,
    0x1a,
    0x41,
    0,
  ]),
  body(
    'constant-in-five-bytes',
    'has its constant in five bytes, which is allowed',
    [0x41, 0x80, 0x84, 0x80, 0x80, 0],
    harmless(),
  ),
  body('end-too-early', 'has a function that goes on behind its end', [0x41, 0, END, 0x01]),
  body('no-end', 'has a block that does not end', [0x02, 0x40, 0x41, 0]),
  body('else-without-if', 'has an else without an if', [0x02, 0x40, 0x05, END, 0x41, 0]),
  body('two-elses', 'has an if with two elses', [0x41, 0, 0x04, 0x40, 0x05, 0x05, END, 0x41, 0]),
  body('no-instruction', 'has an instruction that there is not', [0xff]),
  body('instruction-of-js', 'has an opcode that one engine keeps for itself', [0xf0]),
  body(
    'prefix-overlong',
    'has an instruction whose number after the prefix has six bytes',
    [0xfc, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
  ),
  body(
    'prefix-far',
    'has an instruction whose number after the prefix is 4,294,967,295',
    [0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ),
  body(
    'prefix-in-five-bytes',
    'writes memory.fill with its number in five bytes, which is allowed',
    [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 0x8b, 0x80, 0x80, 0x80, 0, 0, 0x41, 0x80, 0x04],
    harmless(),
  ),
  body('alignment', 'claims more than the natural alignment of a load', [0x41, 0, 0x2d, 1, 0, 0x1a, 0x41, 0]),
  body('stack-underflow', 'takes from an empty stack', [0x6a], refused('ERR_MODULE_INVALID')),
  body('stack-left-over', 'leaves two results', [0x41, 0, 0x41, 0], refused('ERR_MODULE_INVALID')),
  body('wrong-types', 'adds an i64 to an i32', [0x42, 0, 0x41, 0, 0x6a], refused('ERR_MODULE_INVALID')),
  body(
    'below-the-block',
    'takes an operand from below its block',
    [0x41, 0, 0x02, 0x40, 0x1a, END, 0x41, 0],
    refused('ERR_MODULE_INVALID'),
  ),
  body('float-as-bits', 'returns a float as an address', [0x43, 0, 0, 0, 0], refused('ERR_MODULE_INVALID')),
]
