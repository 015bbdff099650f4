/** A POSIX sh script as it stands; `\${` is a shell variable's brace. */
export function sh(text: TemplateStringsArray): string {
  return `#!/bin/sh\n# A stand-in of kcharm's rootless nodes: it acts on the file tree in KCHARM_ROOT and nothing else.\n${text.raw.join('').trimStart().replaceAll('\\$', '$')}`
}
