/** A moment as tables show it. */
export function shownTime(iso: string | undefined): string {
  return iso === undefined ? 'never' : iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
}
