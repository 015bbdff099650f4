import { config } from 'zod'

// Each schema reads one thing or two: zod would spend more time on writing a program for it than that program saves. It
// decides when a schema is made, so this is imported before any.
config({ jitless: true })
