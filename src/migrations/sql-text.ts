/**
 * SQL expressions in one spelling. Postgres answers with its own reading of a check or a predicate, SQLite
 * with what was once written; both come out as the same short text, so that they can be compared.
 */

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|-?\d+(?:\.\d+)?|[\p{L}_][\p{L}\p{N}_$]*|::|[<>=!]+|[\s\S]/gu

/** Words in lower case, identifiers without quotes, texts with them; neither blanks nor comments. */
export function tokensOf(sql: string): readonly string[] {
  const tokens: string[] = []
  for (const [token] of sql.matchAll(TOKEN)) {
    if (/^(?:\s|--|\/\*)/.test(token)) continue
    if (/^["`]./.test(token)) tokens.push(token.slice(1, -1))
    else tokens.push(token.startsWith("'") ? token : token.toLowerCase())
  }
  return tokens
}

/**
 * Without casts and parentheses, which the simple expressions of the schema never need: `status in 'a', 'b'`,
 * `version between 0 and 9`, `is_default = true`.
 */
export function normalise(sql: string): string {
  const text = withoutCasts(tokensOf(sql))
    .filter((token) => !'()[]'.includes(token))
    .join(' ')
    .replaceAll(' ,', ',')
  return text
    .replace(/^(\w+) = any array /, '$1 in ')
    .replace(/^(\w+) in ('(?:[^']|'')*')$/, '$1 = $2')
    .replace(/^(\w+) >= (-?\d+) and \1 <= (-?\d+)$/, '$1 between $2 and $3')
}

/** `'-1'::bigint` as -1, `'a'::character varying(3)` and `ARRAY['a']::text[]` as what is cast. */
function withoutCasts(tokens: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] !== '::') {
      kept.push(tokens[i]!)
      continue
    }
    const number = /^'(-?\d+)'$/.exec(kept.at(-1) ?? '')?.[1]
    if (number !== undefined && /^(?:bigint|integer|numeric)$/.test(tokens[i + 1]!))
      kept[kept.length - 1] = number
    i += 1
    if (tokens[i] === 'character' && tokens[i + 1] === 'varying') i += 1
    if (tokens[i + 1] === '(') i = tokens.indexOf(')', i)
    if (tokens[i + 1] === '[' && tokens[i + 2] === ']') i += 2
  }
  return kept
}

/** The named checks in a `CREATE TABLE`, and where there is no name the expression for one. */
export function checksIn(createTable: string): Readonly<Record<string, string>> {
  const tokens = quotedTokensOf(createTable)
  const checks: Record<string, string> = {}
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.toLowerCase() !== 'check' || tokens[i + 1] !== '(') continue
    let depth = 1
    let end = i + 2
    for (; depth > 0 && end < tokens.length; end++) {
      if (tokens[end] === '(') depth++
      if (tokens[end] === ')') depth--
    }
    const text = normalise(tokens.slice(i + 2, end - 1).join(' '))
    const named = tokens[i - 2]?.toLowerCase() === 'constraint'
    checks[named ? tokensOf(tokens[i - 1]!)[0]! : text] = text
    i = end - 1
  }
  return checks
}

/** As they are written: a column called "check" is not the keyword. */
function quotedTokensOf(sql: string): readonly string[] {
  return [...sql.matchAll(TOKEN)].map(([token]) => token).filter((token) => !/^(?:\s|--|\/\*)/.test(token))
}
