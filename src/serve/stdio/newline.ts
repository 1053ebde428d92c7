/** What a line ends with. */
export const NEWLINE = 0x0a;
