/** What becomes of a connection whose request is refused, or is none, or whose address has enough of them. */

import type { Server, Socket } from 'node:net'

import type { FastifyReply, FastifyRequest } from 'fastify'

import { apiConnectionsMax, apiConnectionsOfAddressMax, apiDrainBytesMax } from '../limits.ts'
import { addressKey, Places } from './rate.ts'

/** One address does not take all the places that there are. */
export function boundConnections(server: Server): void {
  const places = new Places(apiConnectionsMax, apiConnectionsOfAddressMax)
  server.on('connection', (socket) => {
    const release = places.take(addressKey(socket.remoteAddress ?? ''))
    if (release === undefined) socket.destroy()
    else socket.once('close', release)
  })
}

/**
 * What is left of a body that nobody wants is read and thrown away, so that the answer arrives: a connection that is closed while its
 * client still sends is a broken one to it. A body without end ends the connection.
 */
export function drain({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete || raw.destroyed) return
  let left = apiDrainBytesMax
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) raw.destroy()
  })
  raw.resume()
  reply.removeHeader('connection')
  reply.raw.shouldKeepAlive = true // its client closes it, though it has said before that we should
}

/** What is no HTTP, or does not come in time. There is no request to answer. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  // To who does not speak TLS nothing can be said, and an answer that waits for the handshake would keep the connection.
  if (error.code?.startsWith('ERR_TLS') || error.code?.startsWith('ERR_SSL') || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? '408 Request Timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}
