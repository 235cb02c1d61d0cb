/** A request's body, within its bound. A type that no form can send is a part of the defence against forged requests. */

import { HttpRefusal } from './refusals.ts'

/** Throws `HttpRefusal`. */
export async function jsonOf(request: Request, limit: number): Promise<unknown> {
  checkType(request.headers, 'application/json')
  const bytes = await bytesOf(request, limit)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'no JSON' : 'not in UTF-8'
    throw new HttpRefusal('MALFORMED', `the body is ${why}`)
  }
}

/** Throws `HttpRefusal` for another type, and for what would have to be unpacked. */
export function checkType(headers: Headers, wanted: string): void {
  const [type, ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';')
  const isUtf8 = parameters.every((each) => !/^\s*charset\s*=/.test(each) || /=\s*"?utf-?8"?\s*$/.test(each))
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (type!.trim() === wanted && isUtf8 && encoding === 'identity') return
  throw new HttpRefusal('MEDIA_TYPE', `a body here is ${wanted}, not compressed`)
}

async function bytesOf(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = new HttpRefusal('TOO_LARGE', `the body is longer than ${limit} bytes`)
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size > limit) throw tooLarge
    parts.push(part)
  }
  return Buffer.concat(parts)
}
