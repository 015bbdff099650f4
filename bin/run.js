#!/usr/bin/env node
// `kcharm … | head` ends quietly; the framework alone would go on writing to a pipe that nobody reads.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
process.env.NODE_ENV ??= 'production'
const { run } = await import('../dist/cli/run.js')
await run(import.meta.url)
