/**
 * Counts the JavaScript that a process loads: `node --import count-loaded.js …` prints it at the end, beside
 * what the program itself prints. Plain JavaScript, so that nothing has to be loaded to run it.
 */

import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const files = []
let bytes = 0

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith('file:')) {
      files.push(url)
      bytes += statSync(fileURLToPath(url)).size
    }
    return nextLoad(url, context)
  },
})

process.on('exit', () => console.log(JSON.stringify({ bytes, files })))
