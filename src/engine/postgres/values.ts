/**
 * Values in Postgres' text format, by the numbers that Postgres gives its types. The drivers' own parsers read
 * the years below 100 as 19xx or 20xx, and leave 64-bit integers as text.
 */

import { UnavailableError } from '../../errors.ts'

const ISO =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/

/** Nearly all are `2026-01-31 12:34:56.789+00`, and reading those by position takes a fifth of the time. */
function decodeTimestamp(raw: string): Date {
  const isUsual = raw.length <= 26 && raw[4] === '-' && raw[10] === ' ' && raw.endsWith('+00')
  const year = isUsual ? digits(raw, 0, 4) : 0
  // Date.UTC takes years below 100 for those of the last century.
  if (!(year >= 100)) return decodeAnyTimestamp(raw)
  const fraction = raw.length - 23
  const milliseconds = fraction < 1 ? 0 : digits(raw, 20, 20 + fraction) * 10 ** (3 - fraction)
  return new Date(
    Date.UTC(
      year,
      digits(raw, 5, 7) - 1,
      digits(raw, 8, 10),
      digits(raw, 11, 13),
      digits(raw, 14, 16),
      digits(raw, 17, 19),
      milliseconds,
    ),
  )
}

/** The number that these digits are. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + text.charCodeAt(i) - 48
  return value
}

function decodeAnyTimestamp(raw: string): Date {
  const parts = ISO.exec(raw)
  if (parts === null) {
    throw new UnavailableError(
      `the database writes dates as ${JSON.stringify(raw)}: set its DateStyle to ISO`,
    )
  }
  const [
    ,
    year,
    month,
    day,
    hours,
    minutes,
    seconds,
    fraction,
    sign,
    offsetHours,
    offsetMinutes,
    offsetSeconds,
    bc,
  ] = parts
  const date = new Date(0)
  // setUTCFullYear takes years below 100 as they are; Date.UTC adds 1900.
  date.setUTCFullYear(bc === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(
    Number(hours),
    Number(minutes),
    Number(seconds),
    Number((fraction ?? '').padEnd(3, '0').slice(0, 3)),
  )
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes ?? 0)) * 60 + Number(offsetSeconds ?? 0)
  return offset === 0 ? date : new Date(date.getTime() - (sign === '+' ? 1000 : -1000) * offset)
}

export function encodeBytes(value: Uint8Array): string {
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`
}

function decodeBytes(raw: string): Uint8Array {
  const buffer = Buffer.from(raw.slice(2), 'hex')
  return new Uint8Array(buffer)
}

export const parsers: Readonly<Record<number, (raw: string) => unknown>> = {
  16: (raw) => raw === 't' || raw === 'true',
  17: decodeBytes,
  20: Number,
  1184: decodeTimestamp,
  1700: Number,
  114: JSON.parse,
  3802: JSON.parse,
}
