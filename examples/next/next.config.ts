import type { NextConfig } from 'next'

const config: NextConfig = {
  // The package brings a worker of its own and loads drivers when it needs them: Node finds both, a bundler may not.
  serverExternalPackages: ['terrace', 'yjs'],
  // Types are checked by `npm run types`, of everything at once.
  typescript: { ignoreBuildErrors: true },
  // So that tests have a build of their own.
  distDir: process.env.WORKBENCH_DIST ?? '.next',
  devIndicators: false,
  poweredByHeader: false,
}

export default config
