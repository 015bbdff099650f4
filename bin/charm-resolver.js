// Runs on a thread of Node's own (module.register), only once a charm of a folder is loaded.
let home = ''
let own = {}

export function initialize(data) {
  ;({ home, own } = data)
}

export async function resolve(specifier, context, next) {
  const ours = context.parentURL?.startsWith(`${home}/`) && Object.hasOwn(own, specifier)
  return ours ? { url: own[specifier], shortCircuit: true } : await next(specifier, context)
}
