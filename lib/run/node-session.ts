/** What a run needs of a machine: scripts, uploads, the lock. Real ones come from lib/ssh; tests bring local shells. */
export interface NodeSession {
  /** What has not ended by then is ended on the machine; `onLine`: its output as it comes. See lib/ssh/session.ts. */
  run(
    script: string,
    options: { deadlineMs: number; onLine?(line: string): void },
  ): Promise<{ status: number; stdout: string; stderr: string }>
  /** `resume`: what a cut upload left is gone on with. `onProgress`: bytes that are there by now. */
  upload(
    source: { path: string },
    to: string,
    options?: { resume?: boolean; stallMs?: number; onProgress?(bytes: number): void },
  ): Promise<void>
  lock(holder: string): Promise<void>
  close(): Promise<void>
}
