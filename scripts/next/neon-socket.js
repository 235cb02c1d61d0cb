/** Preloaded by Node: whatever Neon host is asked for, the WebSocket leads to the proxy that NEON_PROXY names. */

const { NEON_PROXY } = process.env
const Original = globalThis.WebSocket

globalThis.WebSocket = class extends Original {
  constructor(url, protocols) {
    const { hostname } = new URL(url)
    super(hostname.endsWith('.neon.tech') ? `ws://${NEON_PROXY}` : url, protocols)
  }
}
