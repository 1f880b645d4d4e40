// A certificate for this machine's own address that certifies itself, made for one test: nothing secret is kept in the project.

import { generateKeyPairSync, sign } from 'node:crypto'

/** A value of DER: its tag, its length, its content. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content)
  const length = bytes.length < 0x80 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), bytes])
}

const sequence = (...content: Uint8Array[]) => der(0x30, ...content)
const octets = (content: Uint8Array) => der(0x04, content)
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes))
const time = (ms: number) => {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2)))
}

const ed25519 = sequence(oid(0x2b, 0x65, 0x70))
const commonName = oid(0x55, 0x04, 0x03)
const subjectAltName = oid(0x55, 0x1d, 0x11)
const basicConstraints = oid(0x55, 0x1d, 0x13)

const IP_ADDRESS = 0x87
const DAY_MS = 86_400_000

function pem(what: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${what}-----\n${lines.join('\n')}\n-----END ${what}-----\n`
}

/** For 127.0.0.1. Certificate and key, in PEM. */
export function selfSigned(): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('portcullis test')))))
  const now = Date.now()
  const extensions = sequence(
    sequence(
      basicConstraints,
      der(0x01, Buffer.from([0xff])),
      octets(sequence(der(0x01, Buffer.from([0xff])))),
    ),
    sequence(subjectAltName, octets(sequence(der(IP_ADDRESS, Buffer.from([127, 0, 0, 1]))))),
  )
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    ed25519,
    name,
    sequence(time(now - DAY_MS), time(now + DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(0x03, Buffer.from([0]), sign(null, body, privateKey))
  return {
    certificate: pem('CERTIFICATE', sequence(body, ed25519, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}
