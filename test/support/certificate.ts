/**
 * A throw-away certificate authority and a server certificate for loopback. Node makes keys and signatures but
 * no X.509 certificates; the few DER structures of one are written here, so that neither an `openssl` program
 * nor a library is needed.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** All PEM. */
export interface Certificates {
  /** What a client has to trust. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Valid for an hour around now, for `localhost` and 127.0.0.1. */
export function createCertificates(): Certificates {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = 'Terrace test authority'
  const isAuthority = extension('551d13', true, sequence(der(0x01, Buffer.from([0xff]))))
  const isLoopback = extension(
    '551d11',
    false,
    sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1]))),
  )
  return {
    ca: certificate(issuer, issuer, authority.publicKey, isAuthority, authority.privateKey),
    cert: certificate(issuer, 'localhost', server.publicKey, isLoopback, authority.privateKey),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** RFC 5280, section 4.1: the fields in their order, then the signature over them. */
function certificate(
  issuer: string,
  subject: string,
  publicKey: KeyObject,
  extensionOfSubject: Buffer,
  issuerKey: KeyObject,
): string {
  const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'))
  const version3 = der(0xa0, der(0x02, Buffer.from([2])))
  // The first byte keeps the number positive and without a leading zero, as DER demands.
  const serial = der(0x02, Buffer.concat([Buffer.from([0x40]), randomBytes(8)]))
  const halfAnHour = 30 * 60_000
  const toBeSigned = sequence(
    version3,
    serial,
    ecdsaWithSha256,
    commonName(issuer),
    sequence(utcTime(Date.now() - halfAnHour), utcTime(Date.now() + halfAnHour)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extensionOfSubject)),
  )
  const signature = sign('sha256', toBeSigned, issuerKey)
  const whole = sequence(toBeSigned, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : []
  return sequence(objectId(id), ...flag, der(0x04, value))
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(name)))))
}

function utcTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/\D/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents)
}

/** One DER value: tag, length, contents. Nothing here reaches 64 KiB. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  const { length } = body
  const header =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...header]), body])
}
