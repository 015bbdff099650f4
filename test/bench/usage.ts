import { writeFileSync } from 'node:fs'

// Loaded ahead of a measured program: in the end it writes down what the process has used.
const file = process.env['BENCH_USAGE']
delete process.env['BENCH_USAGE']
delete process.env['NODE_OPTIONS']
process.on('exit', () => {
  if (file !== undefined) writeFileSync(file, JSON.stringify(process.resourceUsage()))
})
