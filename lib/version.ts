declare const KCHARM_VERSION: string | undefined

/** Set by the build; sources that run as they are have none. */
export const version = typeof KCHARM_VERSION === 'string' ? KCHARM_VERSION : 'development'
