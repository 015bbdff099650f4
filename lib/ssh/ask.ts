/** Asks the person at the terminal, one question at a time. What a server words is data: the asker shows it without control characters. */
export type Ask = (question: string, how: { hidden: boolean }) => Promise<string>
